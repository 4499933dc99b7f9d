import type { LoadGenerator } from '../load/load-generator.ts'
import { loadOf } from '../load/loads.ts'
import type { Load } from '../load/protocol.ts'
import { type Spread, spreadOf } from '../report/statistics.ts'
import type { Contender, ContenderName } from '../servers/contender.ts'
import type { Work } from '../workloads.ts'
import { cpuSeconds } from './process-usage.ts'
import { shortLoad, warmUp } from './warm-up.ts'

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

const MS_PER_SECOND = 1000

/**
 * The contenders do the same work in turn, so that a temporary disturbance affects all of them equally.
 * Each one warms up directly before it is measured.
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
      await warmUp(shortLoad(generator, load), round === 0 ? 'new' : 'idle')
      samples.push(await sample(contender, { ...load, durationMs: turnMs }, generator))
    }
  }
  return entries.map(({ contender, samples }) => ({
    contender: contender.name,
    cpu: spreadOf(samples.map(({ cpu }) => cpu)),
    wall: spreadOf(samples.map(({ wall }) => wall)),
  }))
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
