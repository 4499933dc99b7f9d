import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { type BenchOptions, helpText, parseCommand } from './arguments.ts'
import { createFixtures } from './fixtures.ts'
import { LoadGenerator } from './load/load-generator.ts'
import { describeMachine } from './machine.ts'
import { figuresFile, updatedFigures } from './report/figures-file.ts'
import { renderText, type Table } from './report/table.ts'
import { runSections, sectionNames } from './sections.ts'

async function run(options: BenchOptions): Promise<void> {
  const machine = await describeMachine(options.bun)
  process.stdout.write(`${machine.join('\n')}\n\n`)
  const tables: Table[] = []
  const print = (table: Table): void => {
    const dated = { ...table, notes: [...table.notes, runOf(options)] }
    tables.push(dated)
    process.stdout.write(`${renderText(dated)}\n`)
  }
  const root = await createFixtures()
  const generator = new LoadGenerator()
  try {
    await runSections({ root, generator, options, print })
  } finally {
    await generator.stop()
  }
  const { markdown, update } = options
  if (markdown !== undefined) await writeFile(markdown, figuresFile(machine, tables))
  if (update !== undefined) {
    await writeFile(update, updatedFigures(await readFile(update, 'utf8'), machine, tables))
  }
}

/** When and how a table was measured. */
function runOf({ depth, rounds }: BenchOptions): string {
  const [day = ''] = new Date().toISOString().split('T')
  const how = rounds === undefined ? depth : `${depth}, ${rounds} rounds`
  return `${day}, ${how}, load of the last minute ${loadavg()[0]?.toFixed(2)}, its own included.`
}

// Each server and each folder has a listener.
process.setMaxListeners(50)
// `exit` listeners stop the servers and remove the files. A signal alone would not call them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

const command = parseCommand(process.argv.slice(2), sectionNames)
if (command.kind === 'help') process.stdout.write(helpText(sectionNames))
else if (command.kind === 'wrong') {
  process.stderr.write(`${command.message}\n${helpText(sectionNames)}`)
  process.exitCode = 2
} else await run(command.options)
