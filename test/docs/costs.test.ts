// The figures in the documents are those of the committed results, and their tables can be written from any results.
import t from 'tap'
import { downloadSections, TITLES, WORKS } from '../bench/downloads/works.ts'
import { secureWorks } from '../bench/secure-works.ts'
import { works } from '../bench/workloads.ts'
import { downloadTable, serverTable } from './costs/cost-tables.ts'
import { renewedDocuments } from './costs/documents.ts'
import { parseDocument, readDocument } from './support/markdown.ts'

for (const { path, text, renewed } of renewedDocuments()) {
  t.test(`${path} has the measured figures`, async (t) => {
    t.equal(text, renewed, 'npm run docs writes them again')
  })
}

/** What each further client takes, in whole KiB, in the rows of ours in the table of clients that stop reading. */
function stalledKiB(): string[] {
  const { tables } = readDocument('test/bench/FIGURES.md')
  const { rows = [] } = tables.find(({ heading }) => /clients that stop reading/.test(heading)) ?? {}
  return rows
    .filter((row) => row['']?.startsWith('fastify-send-range'))
    .map((row) => Number.parseFloat(row['each of 1000 more'] ?? '').toFixed())
}

for (const { path, sentence } of [
  { path: 'plugin/README.md', sentence: 'takes A to B KiB, and in an answer of 900 ranges C KiB' },
  { path: 'README.zh-CN.md', sentence: '占用 A 到 B KiB；响应有 900 个范围时，在回收垃圾之前占用 C KiB' },
  { path: 'test/bench/RESULTS.md', sentence: 'A to B KiB for each further client' },
  { path: 'test/bench/RESULTS.md', sentence: 'C KiB each in the table' },
]) {
  t.test(`${path} has the measured memory of clients that stop reading: ${sentence}`, async (t) => {
    const [atOnce = '', later = '', inRanges = ''] = stalledKiB()
    const figures: Readonly<Record<string, string>> = { A: atOnce, B: later, C: inRanges }
    t.match(
      readDocument(path).text,
      sentence.replace(/\b[ABC]\b/g, (name) => figures[name] ?? name),
    )
  })
}

t.test('a table has the servers and works that were measured, each with its median', async (t) => {
  const figures = parseDocument(`### whole 8 KiB file (32 connections)

|  | server CPU per request | time per request |
| --- | ---: | ---: |
| fastify-send-range | 30.0 µs (29.0–31.0) | 1.00 µs (1.00–1.00) |
| Go net/http | 40.0 µs (39.0–41.0) | 1.00 µs (1.00–1.00) |

### 304 on If-None-Match (32 connections)

|  | server CPU per request |
| --- | ---: |
| fastify-send-range | 20.0 µs (19.0–21.0) |

### 304 on If-None-Match, with wrk instead of our load generator

|  | server CPU per request |
| --- | ---: |
| fastify-send-range | 10.0 µs (19.0–21.0) |
`)
  t.strictSame(serverTable(figures, 'english'), [
    '| | fastify-send-range | Go net/http |',
    '| --- | ---: | ---: |',
    '| whole 8 KiB file | 30.0 µs | 40.0 µs |',
    '| 304 on If-None-Match | 20.0 µs | – |',
  ])
})

t.test('every work that the benchmark has can be written in both languages', async (t) => {
  const row = '| fastify-send-range | 30.0 µs (29.0–31.0) |'
  const titles = [...works, ...secureWorks].map(({ title }) => title)
  const servers = titles.map(
    (title) => `### ${title} (8 connections)\n\n|  | server CPU |\n| --- | ---: |\n${row}\n`,
  )
  const downloads = downloadSections.map((section) => {
    const names = WORKS.filter((work) => work.section === section).flatMap(({ name, contenders }) =>
      contenders.map((contender) => `| ${name}: ${contender.name} | 1.00 s (1.00–1.00) | 1 MiB |`),
    )
    return `### ${TITLES[section]}\n\n|  | time | most memory |\n| --- | ---: | ---: |\n${names.join('\n')}\n`
  })
  const figures = parseDocument([...servers, ...downloads].join('\n'))
  for (const language of ['english', 'chinese'] as const) {
    t.equal(serverTable(figures, language).length, titles.length + 2, language)
    const rows = WORKS.flatMap(({ contenders }) => contenders)
    t.equal(downloadTable(figures, language).length, rows.length + 2, language)
  }
})
