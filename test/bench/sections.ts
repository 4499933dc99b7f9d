import type { BenchOptions } from './arguments.ts'
import { measureDownloads } from './downloads/downloads.ts'
import type { LoadGenerator } from './load/load-generator.ts'
import { goalRows, resultTable } from './report/comparison-tables.ts'
import type { Table } from './report/table.ts'
import type { Contender } from './servers/contender.ts'
import { startContenders, stopContenders } from './servers/contenders.ts'
import { compare, type Effort } from './studies/comparison.ts'
import { measureFairness } from './studies/fairness.ts'
import { measureGeneralPath } from './studies/general-path.ts'
import { measureHashing } from './studies/hashing.ts'
import { measurePureModules } from './studies/pure-modules.ts'
import { measureResponsiveness } from './studies/responsiveness.ts'
import { measureScaling } from './studies/scaling.ts'
import { measureStalledClients } from './studies/stalled-clients.ts'
import { measureStores } from './studies/stores.ts'
import { compareWithWrk, hasWrk } from './studies/wrk.ts'
import { type Work, workNamed, works } from './workloads.ts'

/** What the sections need to run. */
export interface Bench {
  readonly root: string
  readonly generator: LoadGenerator
  readonly options: BenchOptions
  print(table: Table): void
}

const DEPTHS = {
  quick: { rounds: 3, turnMs: 700 },
  full: { rounds: 7, turnMs: 2000 },
} as const

const FAIRNESS = 'fairness'
const WRK = 'wrk'
/** The works that wrk can do: it repeats one request. */
const WRK_WORKS = ['range-4', 'file-8k']
const GOAL_COLUMNS = ['', 'against', 'goal, CPU', 'CPU', '', 'time']

/** Sections that need no contenders. */
const alone: Readonly<Record<string, (bench: Bench, effort: Effort) => Table | Promise<Table>>> = {
  stalled: ({ root, generator }) => measureStalledClients(root, generator),
  responsive: ({ root, generator }, { turnMs }) => measureResponsiveness(root, generator, turnMs),
  hashing: ({ root }, { turnMs }) => measureHashing(root, turnMs),
  cluster: ({ root }, effort) => measureScaling(root, effort),
  general: ({ root }, { rounds }) => measureGeneralPath(root, rounds),
  pure: () => measurePureModules(),
  client: ({ root }, { rounds }) => measureDownloads(root, rounds),
  stores: (_bench, { rounds }) => measureStores(rounds),
}

/** In the order in which they run. */
export const sectionNames: readonly string[] = [
  ...works.map(({ name }) => name),
  WRK,
  FAIRNESS,
  ...Object.keys(alone),
]

/** Runs the chosen sections, one after the other. */
export async function runSections(bench: Bench): Promise<void> {
  const { generator, options } = bench
  const { turnMs, rounds } = DEPTHS[options.depth]
  const effort = { generator, turnMs, rounds: options.rounds ?? rounds }
  if ([...works.map(({ name }) => name), WRK, FAIRNESS].some((name) => isChosen(options, name))) {
    const contenders = await startContenders(bench.root, options.bun)
    try {
      await runContests(bench, contenders, effort)
    } finally {
      await stopContenders(contenders)
    }
  }
  for (const [name, measure] of Object.entries(alone)) {
    if (isChosen(options, name)) bench.print(await measure(bench, effort))
  }
}

/** Each kind of work, and then the goals. */
async function runContests(
  { options, print }: Bench,
  contenders: readonly Contender[],
  effort: Effort,
): Promise<void> {
  const goals: string[][] = []
  for (const work of works.filter(({ name }) => isChosen(options, name))) {
    const results = await compare(work, contenders, effort)
    print(resultTable(work, results))
    goals.push(...goalRows(work, results))
  }
  if (goals.length > 0) print({ title: 'Goals', columns: GOAL_COLUMNS, rows: goals, notes: [] })
  if (isChosen(options, WRK)) {
    for (const work of WRK_WORKS.map(workNamed)) print(await wrkTable(work, contenders, effort))
  }
  if (isChosen(options, FAIRNESS)) print(await measureFairness(contenders, effort.generator, effort.turnMs))
}

async function wrkTable(work: Work, contenders: readonly Contender[], effort: Effort): Promise<Table> {
  const title = `${work.title}, with wrk instead of our load generator`
  if (!(await hasWrk())) return { title, columns: ['skipped: wrk is not installed'], rows: [], notes: [] }
  return { ...resultTable(work, await compareWithWrk(work, contenders, effort)), title, notes: [] }
}

function isChosen({ only }: BenchOptions, name: string): boolean {
  return only.length === 0 || only.includes(name)
}
