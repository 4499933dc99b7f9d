import { writeFile } from 'node:fs/promises'
import { type BenchOptions, helpText, parseCommand } from './arguments.ts'
import { compare } from './comparison.ts'
import { goalRows, resultTable } from './comparison-tables.ts'
import { startContenders, stopContenders } from './contenders.ts'
import { createFixtures } from './fixtures.ts'
import { LoadGenerator } from './load-generator.ts'
import { describeMachine } from './machine.ts'
import { measureStalledClients } from './stalled-clients.ts'
import { renderMarkdown, renderText, type Table } from './table.ts'
import { works } from './works.ts'

const DEPTHS = {
  quick: { rounds: 3, turnMs: 700 },
  full: { rounds: 7, turnMs: 2000 },
} as const

const STALLED = 'stalled'
const names = [...works.map(({ name }) => name), STALLED]

interface Bench {
  readonly root: string
  readonly generator: LoadGenerator
  readonly options: BenchOptions
  print(table: Table): void
}

/** Each kind of work, then what came of the goals. */
async function compareServers({ root, generator, options, print }: Bench): Promise<void> {
  const chosen = works.filter(({ name }) => isChosen(options, name))
  if (chosen.length === 0) return
  const { turnMs, rounds } = DEPTHS[options.depth]
  const contenders = await startContenders(root)
  const goals: string[][] = []
  try {
    for (const work of chosen) {
      const effort = { generator, turnMs, rounds: options.rounds ?? rounds }
      const results = await compare(work, contenders, effort)
      print(resultTable(work, results))
      goals.push(...goalRows(work, results))
    }
  } finally {
    await stopContenders(contenders)
  }
  const columns = ['', 'against', 'goal, CPU', 'CPU', '', 'time']
  print({ title: 'Goals', columns, rows: goals, notes: [] })
}

function isChosen({ only }: BenchOptions, name: string): boolean {
  return only.length === 0 || only.includes(name)
}

async function run(options: BenchOptions): Promise<void> {
  const machine = await describeMachine()
  process.stdout.write(`${machine.join('\n')}\n\n`)
  const tables: Table[] = []
  const print = (table: Table): void => {
    tables.push(table)
    process.stdout.write(`${renderText(table)}\n`)
  }
  const fixtures = await createFixtures()
  const generator = new LoadGenerator()
  try {
    const bench = { root: fixtures.root, generator, options, print }
    await compareServers(bench)
    if (isChosen(options, STALLED)) print(await measureStalledClients(fixtures.root, generator))
  } finally {
    await generator.stop()
    await fixtures.remove()
  }
  if (options.markdown !== undefined) {
    const head = machine.map((fact) => `- ${fact}`).join('\n')
    await writeFile(options.markdown, `# Benchmark\n\n${head}\n\n${tables.map(renderMarkdown).join('\n')}`)
  }
}

const command = parseCommand(process.argv.slice(2), names)
if (command.kind === 'help') process.stdout.write(helpText(names))
else if (command.kind === 'wrong') {
  process.stderr.write(`${command.message}\n${helpText(names)}`)
  process.exitCode = 2
} else await run(command.options)
