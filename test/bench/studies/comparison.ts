import type { LoadGenerator } from '../load/load-generator.ts'
import { loadOf } from '../load/loads.ts'
import type { Load, LoadResult } from '../load/protocol.ts'
import { type Spread, spreadOf } from '../report/statistics.ts'
import type { Contender, ContenderName } from '../servers/contender.ts'
import type { Work } from '../workloads.ts'
import { cpuSeconds } from './process-usage.ts'

/** The results of one contender at one kind of work, in seconds for each request or file. */
export interface Result {
  readonly contender: ContenderName
  readonly cpu: Spread
  readonly wall: Spread
}

/** The options of a measurement. */
export interface Effort {
  readonly generator: LoadGenerator
  readonly rounds: number
  /** Of one contender's turn in one round. */
  readonly turnMs: number
}

interface Sample {
  readonly cpu: number
  readonly wall: number
}

const WARM_UP_MS = 500
/**
 * Requests after which a contender may be warm. V8 compiles again until then whatever a new kind of answer runs: 1 MiB took
 * twice its time for the first 3,000 requests, also after many requests of other kinds.
 */
const WARM_REQUESTS = 5000
/** So many bytes make it warm, too: an answer of 1 GiB runs the same code thousands of times. */
const WARM_BYTES = 8 * 1024 ** 3
/** The longest time for that, of one contender. */
const LONGEST_WARM_UP_MS = 20_000
/** A contender is warm if it is faster than before by less than this share. */
const STEADY_SHARE = 0.05
const MS_PER_SECOND = 1000

/**
 * The contenders do the same work in turn, so that a temporary disturbance affects all of them equally.
 * Each one warms up directly before it is measured: V8 throws compiled code away while a server is idle. Answers of
 * 1 MiB took twice their time for some seconds after 30 s without requests.
 */
export async function compare(
  work: Work,
  contenders: readonly Contender[],
  { generator, rounds, turnMs }: Effort,
): Promise<Result[]> {
  const entries = []
  for (const contender of contenders.filter(({ name }) => work.contenders.includes(name))) {
    const path = contender.name === 'fixed' ? `/${work.name}` : work.path
    const load = await loadOf(work, contender.server.port, path)
    entries.push({ contender, load, samples: [] as Sample[] })
  }
  for (let round = 0; round < rounds; round++) {
    for (const { contender, load, samples } of rotated(entries, round)) {
      await warmUp(generator, { ...load, durationMs: WARM_UP_MS }, round === 0 ? 'new' : 'idle')
      samples.push(await sample(contender, { ...load, durationMs: turnMs }, generator))
    }
  }
  return entries.map(({ contender, samples }) => ({
    contender: contender.name,
    cpu: spreadOf(samples.map(({ cpu }) => cpu)),
    wall: spreadOf(samples.map(({ wall }) => wall)),
  }))
}

/** Repeats a load until it does not become faster, and for a new server until it has run often enough. */
async function warmUp(generator: LoadGenerator, load: Load, state: 'new' | 'idle'): Promise<void> {
  let before = 0
  let requests = 0
  for (let ms = 0; ms < LONGEST_WARM_UP_MS; ) {
    const { answers, wallMs } = await run(generator, load)
    requests += answers
    ms += wallMs
    const rate = answers / wallMs
    const isLong = requests >= WARM_REQUESTS || requests * load.expected.length >= WARM_BYTES
    if ((isLong || state === 'idle') && rate < before * (1 + STEADY_SHARE)) return
    before = rate
  }
}

async function run(generator: LoadGenerator, load: Load): Promise<LoadResult> {
  await generator.connect(load)
  return generator.go()
}

/** The time to connect is not counted. */
async function sample({ server }: Contender, load: Load, generator: LoadGenerator): Promise<Sample> {
  await generator.connect(load)
  const before = cpuSeconds(server.pid)
  const { answers, wallMs } = await generator.go()
  const cpu = (cpuSeconds(server.pid) - before) / answers
  return { cpu, wall: wallMs / MS_PER_SECOND / answers }
}

/** Rotates the order, so that no contender is always the first. */
export function rotated<Entry>(entries: readonly Entry[], by: number): Entry[] {
  const start = by % entries.length
  return [...entries.slice(start), ...entries.slice(0, start)]
}
