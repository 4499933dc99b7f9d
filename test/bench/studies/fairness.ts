import { setTimeout as sleep } from 'node:timers/promises'
import { LARGE_BYTES, LARGE_NAME } from '../fixtures.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import { loadOf } from '../load/loads.ts'
import type { Readers } from '../load/protocol.ts'
import { formatSeconds, formatSpread } from '../report/format.ts'
import { goalRow } from '../report/goals.ts'
import { quantile, spreadOf } from '../report/statistics.ts'
import type { Findings, Table } from '../report/table.ts'
import { type Contender, type ContenderName, LABELS } from '../servers/contender.ts'
import { workNamed } from '../workloads.ts'
import { type Effort, rotated } from './comparison.ts'
import { shortLoad, warmUp } from './warm-up.ts'

const COMPARED: readonly ContenderName[] = ['ours', 'static', 'node', 'nginx', 'go', 'bun']
const MS_PER_SECOND = 1000
const MEGA = 1e6
const GOAL_SECONDS = 0.001

/** The other clients beside the one that is measured. */
export interface Crowd {
  readonly title: string
  readonly readers: Pick<Readers, 'connections' | 'bytesPerSecond'>
  /** Before the measurement. Slow readers first get what fits into the buffers of the system, as fast as others. */
  readonly settleMs: number
  /** Of the latencies, which the goal is about: the median or the 99th percentile. */
  readonly goal: 'p50' | 'p99'
}

/** Clients that download as fast as they can. */
export const STREAMS: Crowd = {
  title: '16 streams of 1 GiB',
  readers: { connections: 16 },
  settleMs: 200,
  goal: 'p50',
}
/** Clients on slow lines. */
export const SLOW_READERS: Crowd = {
  title: '100 readers of 100 KB/s',
  readers: { connections: 100, bytesPerSecond: 100_000 },
  settleMs: 1500,
  goal: 'p99',
}

/** The figures of one contender, one for each round. Times in seconds. */
interface Figures {
  readonly alone: number[]
  readonly p50: number[]
  readonly p99: number[]
  /** Bytes for each second, of all readers. */
  readonly bulk: number[]
}

/** How long a 4-byte range takes one client while others read a large file, and its goals. */
export async function measureFairness(
  crowd: Crowd,
  contenders: readonly Contender[],
  effort: Effort,
): Promise<Findings> {
  const entries = contenders
    .filter(({ name }) => COMPARED.includes(name))
    .map((contender) => ({ contender, figures: { alone: [], p50: [], p99: [], bulk: [] } as Figures }))
  const reader = new LoadGenerator()
  try {
    for (let round = 0; round < effort.rounds; round++) {
      for (const { contender, figures } of rotated(entries, round))
        await turn({ crowd, contender, reader, effort, state: round === 0 ? 'new' : 'idle' }, figures)
    }
  } finally {
    await reader.stop()
  }
  const found = new Map(entries.map(({ contender, figures }) => [contender.name, figures]))
  return { tables: [tableOf(crowd, found)], goals: goalsOf(crowd, found) }
}

interface Turn {
  readonly crowd: Crowd
  readonly contender: Contender
  readonly reader: LoadGenerator
  readonly effort: Effort
  /** Of the contender: it warms up before it is measured. */
  readonly state: 'new' | 'idle'
}

async function turn({ crowd, contender, reader, effort, state }: Turn, figures: Figures): Promise<void> {
  const { generator, turnMs } = effort
  const { port } = contender.server
  const small = await loadOf({ ...workNamed('range-4-random'), connections: 1 }, port)
  const ask = async (share: number[]): Promise<number[]> => {
    await generator.connect({ ...small, durationMs: turnMs })
    const { latenciesMs } = await generator.go()
    return share.map((part) => quantile(latenciesMs, part) / MS_PER_SECOND)
  }
  const warmed = shortLoad(generator, small)
  await warmUp(warmed, state)
  figures.alone.push(...(await ask([crowd.goal === 'p50' ? 0.5 : 0.99])))
  await reader.read({ port, path: `/${LARGE_NAME}`, bytes: LARGE_BYTES, ...crowd.readers })
  await sleep(crowd.settleMs)
  await warmUp(warmed, state)
  await reader.countReads()
  const [p50 = 0, p99 = 0] = await ask([0.5, 0.99])
  const { bytes, wallMs } = await reader.stopReading()
  figures.p50.push(p50)
  figures.p99.push(p99)
  figures.bulk.push((bytes / wallMs) * MS_PER_SECOND)
}

function tableOf({ title, goal }: Crowd, found: ReadonlyMap<ContenderName, Figures>): Table {
  const rows = [...found].map(([name, { alone, p50, p99, bulk }]) => {
    const { median, least, most } = spreadOf(bulk.map((rate) => rate / MEGA))
    const rates = `${median.toFixed(0)} MB/s (${least.toFixed(0)}–${most.toFixed(0)})`
    return [LABELS[name], ...[alone, p50, p99].map((times) => formatSpread(spreadOf(times))), rates]
  })
  return {
    title: `4-byte range, random places, beside ${title}`,
    columns: ['', `${goal} alone`, 'p50', 'p99', 'the others together'],
    rows,
    notes: [
      'One client asks, each time when it has its answer. The others and the server share the cores with it.',
      ...COMPARED.filter((name) => !found.has(name)).map(
        (name) => `Skipped: ${LABELS[name]} (not installed).`,
      ),
    ],
  }
}

function goalsOf(
  { title, goal }: Crowd,
  found: ReadonlyMap<ContenderName, Figures>,
): readonly (readonly string[])[] {
  const ours = found.get('ours')
  if (ours === undefined) return []
  const what = `4-byte range beside ${title}`
  const time = goalRow({
    what,
    measure: goal,
    limit: 'at most',
    bound: GOAL_SECONDS,
    measured: spreadOf(ours[goal]).median,
    format: formatSeconds,
  })
  if (goal !== 'p50') return [time]
  const nginx = found.get('nginx')
  const measured = nginx && spreadOf(ours.bulk).median / spreadOf(nginx.bulk).median
  const bulk = { what, measure: 'MB/s of the streams', against: LABELS.nginx }
  return [time, goalRow({ ...bulk, limit: 'at least', bound: 1, measured })]
}
