import { existsSync } from 'node:fs'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { readDocument, tableUnder } from './support/markdown.ts'

const CODE = /`([^`]+)`/g
/** A file or a folder, not a name in one. */
const PATH = /\/$|\.ts$/

t.test('"Where does it go?" names files and folders that exist', async (t) => {
  const rows = tableUnder(readDocument('CONTRIBUTING.md'), 'Where does it go?')
  t.equal(rows.length, 10)
  const sources = { 'fastify-send-range': 'plugin/src/', 'range-get': 'demo-client/src/' }
  for (const row of rows) {
    for (const [column, folder] of Object.entries(sources)) {
      const named = [...(row[column] ?? '').matchAll(CODE)].map(([, code = '']) => code)
      const paths = named.filter((code) => PATH.test(code))
      t.not(paths.length, 0, `${row['change']}, ${column}`)
      for (const path of paths) {
        const place = path.startsWith('test/') ? path : folder + path
        t.ok(existsSync(REPOSITORY + place), `${row['change']}: ${place}`)
      }
    }
  }
})

t.test('each test and folder of tests that CONTRIBUTING names is there', async (t) => {
  const { text } = readDocument('CONTRIBUTING.md')
  const paths = [...text.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)
  t.ok(paths.length > 5, `${paths.length} paths`)
  for (const path of paths) t.ok(existsSync(REPOSITORY + path), path)
})

const DEFENCES = [
  { title: 'The defences of an answer, in order', folder: 'plugin/src/' },
  { title: 'The defences of a download, in order', folder: 'demo-client/src/' },
]

for (const { title, folder } of DEFENCES) {
  t.test(`"${title}" counts its steps and names files that exist`, async (t) => {
    const rows = tableUnder(readDocument('SECURITY.md'), title)
    t.ok(rows.length > 5)
    t.strictSame(
      rows.map((row) => Number(row['step'])),
      rows.map((_, index) => index + 1),
    )
    for (const row of rows) {
      const named = [...(row['defence'] ?? '').matchAll(CODE)].map(([, code = '']) => code)
      const paths = named.filter((code) => PATH.test(code))
      t.not(paths.length, 0, String(row['defence']))
      for (const path of paths) t.ok(existsSync(REPOSITORY + folder + path), path)
    }
  })
}
