// The module that the build makes of the rules for the page of the demo server.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import * as rules from '#client/browser/rules.js'
import { REPOSITORY } from '../../support/repository.ts'

const PAGE = `${REPOSITORY}demo-server/public/js/`
const BUNDLE = `${REPOSITORY}demo-server/dist/page/js/range-get-rules.js`

t.test('the module has all rules, and runs in a browser', async (t) => {
  t.strictSame(Object.keys(await import(BUNDLE)).sort(), Object.keys(rules).sort())
  const text = readFileSync(BUNDLE, 'utf8')
  t.notMatch(text, /\bBuffer\b|\bprocess\.|["']node:/, 'nothing of Node')
  t.notMatch(text, /^import /m, 'all in one file')
})

t.test('the page uses every rule of the module, and has none of its own', async (t) => {
  const text = readdirSync(PAGE)
    .map((name) => readFileSync(PAGE + name, 'utf8'))
    .join('\n')
  for (const name of Object.keys(rules)) t.match(text, new RegExp(`\\b${name}\\(`), name)
  t.notMatch(text, /\bbytes \(?\\d|W\\?\//, 'no Content-Range and no entity-tag is parsed')
})
