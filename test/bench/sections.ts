import type { BenchOptions } from './arguments.ts'
import { contests, runContests } from './contests.ts'
import { measureDownloads } from './downloads/downloads.ts'
import { downloadSections } from './downloads/works.ts'
import type { LoadGenerator } from './load/load-generator.ts'
import { GOAL_COLUMNS } from './report/goals.ts'
import type { Findings, Table } from './report/table.ts'
import type { Effort } from './studies/comparison.ts'
import { measureGeneralPath } from './studies/general-path.ts'
import { measureHashing } from './studies/hashing.ts'
import { measurePureModules } from './studies/pure-modules.ts'
import { measureResponsiveness } from './studies/responsiveness.ts'
import { measureScaling } from './studies/scaling.ts'
import { measureStalledClients } from './studies/stalled-clients.ts'
import { measureStores } from './studies/stores.ts'

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

type Measure = (bench: Bench, effort: Effort) => Table | Findings | Promise<Table | Findings>

/** Sections that start their own servers. */
const alone: Readonly<Record<string, Measure>> = {
  stalled: ({ root, generator, options }) => measureStalledClients(root, generator, options.depth),
  responsive: ({ root, generator }, { turnMs }) => measureResponsiveness(root, generator, turnMs),
  hashing: ({ root }, { turnMs }) => measureHashing(root, turnMs),
  cluster: ({ root }, effort) => measureScaling(root, effort),
  general: ({ root }, { rounds }) => measureGeneralPath(root, rounds),
  pure: () => measurePureModules(),
  ...Object.fromEntries(
    downloadSections.map((name): [string, Measure] => [
      name,
      ({ root }, { rounds }) => measureDownloads(name, root, rounds),
    ]),
  ),
  stores: ({ options }, { rounds }) => measureStores(rounds, options.depth),
}

/** In the order in which they run. */
export const sectionNames: readonly string[] = [...contests.map(({ name }) => name), ...Object.keys(alone)]

/** Runs the chosen sections, one after the other, and prints the goals last. */
export async function runSections(bench: Bench): Promise<void> {
  const { root, generator, options, print } = bench
  const { turnMs, rounds } = DEPTHS[options.depth]
  const effort = { generator, turnMs, rounds: options.rounds ?? rounds }
  const goals: (readonly string[])[] = []
  const report = ({ tables, goals: found }: Findings): void => {
    for (const table of tables) print(table)
    goals.push(...found)
  }
  const chosen = contests.filter(({ name }) => isChosen(options, name))
  await runContests(chosen, { root, bun: options.bun, report }, effort)
  for (const [name, measure] of Object.entries(alone)) {
    if (!isChosen(options, name)) continue
    const found = await measure(bench, effort)
    report('tables' in found ? found : { tables: [found], goals: [] })
  }
  if (goals.length > 0) print({ title: 'Goals', columns: GOAL_COLUMNS, rows: goals, notes: [] })
}

function isChosen({ only }: BenchOptions, name: string): boolean {
  return only.length === 0 || only.includes(name)
}
