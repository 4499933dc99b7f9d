// V8 compiles what a server runs for thousands of requests, and throws compiled code away while the server is idle. Answers of
// 1 MiB took twice their time for the first 3,000 requests, and for some seconds after 30 s without any.

import type { LoadGenerator } from '../load/load-generator.ts'
import type { Load } from '../load/protocol.ts'

/** What a load before the measurement has done. */
export interface Warmed {
  readonly answers: number
  /** Of all answers. */
  readonly bytes: number
  readonly wallMs: number
}

/** Of a short load. */
const SHORT_MS = 500
/** Requests after which a server may be warm, also after many requests of other kinds. */
const WARM_REQUESTS = 5000
/** This many bytes make it warm, too: an answer of 1 GiB runs the same code thousands of times. */
const WARM_BYTES = 8 * 1024 ** 3
/** The longest time for that, of one server. */
const LONGEST_MS = 20_000
/** A server is warm if this many short loads in a row are not faster than all before by more than a twentieth. */
const STEADY_LOADS = 3
const STEADY_SHARE = 0.05

/** Repeats a short load until it does not become faster, and for a new server until it has run often enough. */
export async function warmUp(load: () => Promise<Warmed>, state: 'new' | 'idle'): Promise<void> {
  let best = 0
  let steady = 0
  let requests = 0
  let total = 0
  for (let ms = 0; ms < LONGEST_MS; ) {
    const { answers, bytes, wallMs } = await load()
    requests += answers
    total += bytes
    ms += wallMs
    const rate = answers / wallMs
    const isLong = requests >= WARM_REQUESTS || total >= WARM_BYTES
    steady = rate > best * (1 + STEADY_SHARE) ? 0 : steady + 1
    if ((isLong || state === 'idle') && steady >= STEADY_LOADS) return
    best = Math.max(best, rate)
  }
}

/** A short load like the one that is measured. */
export function shortLoad(generator: LoadGenerator, load: Omit<Load, 'durationMs'>): () => Promise<Warmed> {
  return async () => {
    await generator.connect({ ...load, durationMs: SHORT_MS })
    const { answers, wallMs } = await generator.go()
    return { answers, bytes: answers * load.expected.length, wallMs }
  }
}
