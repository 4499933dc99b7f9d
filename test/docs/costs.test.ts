import t from 'tap'
import { type Document, readDocument, tableUnder } from './support/markdown.ts'

// The figures in the documents must be those of the committed results.
const results = readDocument('test/bench/RESULTS.md')
const HEADING = 'What it costs'

/** The median, without the minimum and maximum after it. */
const median = (cell: string | undefined): string => (cell ?? '').replace(/ \(.*\)$/, '')

/** The table of the results whose heading begins with `title`: rows by their first cell. */
function figuresUnder(title: string): Map<string, Readonly<Record<string, string>>> {
  const table = results.tables.find(({ heading }) => heading.startsWith(title))
  if (table === undefined) throw new Error(`no "${title}" in the results`)
  return new Map(table.rows.map((row) => [row[''] ?? '', row]))
}

function rowsOf(document: Document): ReturnType<typeof tableUnder> {
  const rows = tableUnder(document, HEADING)
  if (rows.length === 0) throw new Error('an empty table')
  return rows
}

for (const path of ['README.md', 'plugin/README.md']) {
  t.test(`${path} has the measured CPU times`, async (t) => {
    for (const { '': work = '', ...cells } of rowsOf(readDocument(path))) {
      const figures = figuresUnder(work)
      for (const [server, cell] of Object.entries(cells)) {
        const cpu = Object.entries(figures.get(server) ?? {}).find(([name]) => name.startsWith('server CPU'))
        t.equal(cell, cpu === undefined ? '–' : median(cpu[1]), `${work}: ${server}`)
      }
    }
  })
}

t.test('demo-client/README.md has the measured times and memory', async (t) => {
  const figures = figuresUnder('Downloads to a file')
  for (const { '': run = '', time, 'most memory': memory } of rowsOf(readDocument('demo-client/README.md'))) {
    const measured = figures.get(run)
    t.equal(time, median(measured?.['time']), run)
    t.equal(memory, measured?.['most memory'], run)
  }
})
