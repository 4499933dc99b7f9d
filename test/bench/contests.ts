import type { Transport } from './load/protocol.ts'
import { goalRows, resultTable } from './report/comparison-tables.ts'
import type { Findings, Table } from './report/table.ts'
import { secureWorks } from './secure-works.ts'
import type { Contender } from './servers/contender.ts'
import { startContenders, stopContenders } from './servers/contenders.ts'
import { firstLineOf } from './servers/program.ts'
import { compare, type Effort } from './studies/comparison.ts'
import { measureFairness, SLOW_READERS, STREAMS } from './studies/fairness.ts'
import { compareWithWrk, hasWrk } from './studies/wrk.ts'
import { type Work, workNamed, works } from './workloads.ts'

/** A section in which all servers of a transport take turns. */
export interface Contest {
  readonly name: string
  readonly transport: Transport
  measure(contenders: readonly Contender[], effort: Effort): Promise<Findings>
}

/** The works that wrk can do: it repeats one request. */
const WRK_WORKS = ['range-4', 'file-8k']

const contestOf = (work: Work): Contest => ({
  name: work.name,
  transport: work.transport ?? 'http',
  measure: async (contenders, effort) => {
    const results = await compare(work, contenders, effort)
    return { tables: [resultTable(work, results)], goals: goalRows(work, results) }
  },
})

/** In the order in which they run. */
export const contests: readonly Contest[] = [
  ...works.map(contestOf),
  { name: 'wrk', transport: 'http', measure: measureWithWrk },
  {
    name: 'fairness',
    transport: 'http',
    measure: (contenders, effort) => measureFairness(STREAMS, contenders, effort),
  },
  {
    name: 'slow-readers',
    transport: 'http',
    measure: (contenders, effort) => measureFairness(SLOW_READERS, contenders, effort),
  },
  ...secureWorks.map(contestOf),
]

/** What the contests need to run. */
export interface Arena {
  readonly root: string
  /** The command of Bun. */
  readonly bun: string
  report(findings: Findings): void
}

/** Runs contests, each with the servers of its transport. */
export async function runContests(
  chosen: readonly Contest[],
  { root, bun, report }: Arena,
  effort: Effort,
): Promise<void> {
  for (const transport of ['http', 'h2', 'https'] as const) {
    const group = chosen.filter((contest) => contest.transport === transport)
    if (group.length === 0) continue
    if (transport !== 'http' && (await firstLineOf('openssl', ['version'])) === undefined) {
      const title = `All over ${transport}`
      report({
        tables: [skipped(title, 'openssl, which makes the certificate, is not installed')],
        goals: [],
      })
      continue
    }
    const contenders = await startContenders({ root, bun, transport })
    try {
      for (const { measure } of group) report(await measure(contenders, effort))
    } finally {
      await stopContenders(contenders)
    }
  }
}

async function measureWithWrk(contenders: readonly Contender[], effort: Effort): Promise<Findings> {
  const tables: Table[] = []
  const isInstalled = await hasWrk()
  for (const work of WRK_WORKS.map(workNamed)) {
    const title = `${work.title}, with wrk instead of our load generator`
    if (!isInstalled) tables.push(skipped(title, 'wrk is not installed'))
    else
      tables.push({ ...resultTable(work, await compareWithWrk(work, contenders, effort)), title, notes: [] })
  }
  return { tables, goals: [] }
}

function skipped(title: string, why: string): Table {
  return { title, columns: [`skipped: ${why}`], rows: [], notes: [] }
}
