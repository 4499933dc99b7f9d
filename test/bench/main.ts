import { writeFile } from 'node:fs/promises'
import { type BenchOptions, helpText, parseCommand } from './arguments.ts'
import { createFixtures } from './fixtures.ts'
import { LoadGenerator } from './load/load-generator.ts'
import { describeMachine } from './machine.ts'
import { renderMarkdown, renderText, type Table } from './report/table.ts'
import { runSections, sectionNames } from './sections.ts'

async function run(options: BenchOptions): Promise<void> {
  const machine = await describeMachine(options.bun)
  process.stdout.write(`${machine.join('\n')}\n\n`)
  const tables: Table[] = []
  const print = (table: Table): void => {
    tables.push(table)
    process.stdout.write(`${renderText(table)}\n`)
  }
  const root = await createFixtures()
  const generator = new LoadGenerator()
  try {
    await runSections({ root, generator, options, print })
  } finally {
    await generator.stop()
  }
  if (options.markdown !== undefined) {
    const head = machine.map((fact) => `- ${fact}`).join('\n')
    await writeFile(options.markdown, `# Benchmark\n\n${head}\n\n${tables.map(renderMarkdown).join('\n')}`)
  }
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
