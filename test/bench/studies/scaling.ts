import { availableParallelism } from 'node:os'
import { loadOf } from '../load/loads.ts'
import { formatRatio, formatSpread } from '../report/format.ts'
import { spreadOf } from '../report/statistics.ts'
import type { Table } from '../report/table.ts'
import { type Server, startNodeServer } from '../servers/server.ts'
import { workNamed } from '../workloads.ts'
import type { Effort } from './comparison.ts'
import { cpuSeconds } from './process-usage.ts'

const WORKERS = [1, 2]
const WORKS = ['range-4', 'range-64k']
const MS_PER_SECOND = 1000

interface Figures {
  readonly cpu: number[]
  readonly perSecond: number[]
}

/** What a second worker of `node:cluster` gains. */
export async function measureScaling(root: string, effort: Effort): Promise<Table> {
  const servers: Server[] = []
  try {
    for (const workers of WORKERS) servers.push(await startNodeServer('cluster', [root, String(workers)]))
    const rows: string[][] = []
    for (const name of WORKS) rows.push(...(await rowsOf(name, servers, effort)))
    return {
      title: 'Several processes with node:cluster',
      columns: ['', 'server CPU per request', 'requests/s', 'of one worker'],
      rows,
      notes: [
        `The load generator takes a core's worth of its own; there are ${availableParallelism()}. CPU per request that`,
        'stays the same says that workers do not hinder each other.',
      ],
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

async function rowsOf(name: string, servers: readonly Server[], effort: Effort): Promise<string[][]> {
  const work = workNamed(name)
  const figures: Figures[] = servers.map(() => ({ cpu: [], perSecond: [] }))
  for (let round = -1; round < effort.rounds; round++) {
    for (const [index, server] of servers.entries()) {
      const { cpu, perSecond } = await turn(name, server, effort)
      // The first round is a warm-up.
      if (round < 0) continue
      figures[index]?.cpu.push(cpu)
      figures[index]?.perSecond.push(perSecond)
    }
  }
  const base = spreadOf(figures[0]?.perSecond ?? []).median
  return figures.map(({ cpu, perSecond }, index) => {
    const { median } = spreadOf(perSecond)
    const label = `${work.title}, ${WORKERS[index]} worker${WORKERS[index] === 1 ? '' : 's'}`
    return [label, formatSpread(spreadOf(cpu)), median.toFixed(0), formatRatio(median / base)]
  })
}

async function turn(
  name: string,
  { port, pid }: Server,
  { generator, turnMs }: Effort,
): Promise<{ cpu: number; perSecond: number }> {
  await generator.connect({ ...(await loadOf(workNamed(name), port)), durationMs: turnMs })
  const before = cpuSeconds(pid)
  const { answers, wallMs } = await generator.go()
  return { cpu: (cpuSeconds(pid) - before) / answers, perSecond: (answers / wallMs) * MS_PER_SECOND }
}
