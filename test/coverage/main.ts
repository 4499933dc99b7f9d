// Says how much of each pure module the last run of tap has reached; ends with 1 when anything is missing.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { REPOSITORY } from '../support/repository.ts'
import { PURE_MODULES } from './pure-modules.ts'

type Summary = Readonly<Record<string, Readonly<Record<'lines' | 'branches', { readonly pct: number }>>>>

const summary: Summary = JSON.parse(readFileSync(`${REPOSITORY}.tap/report/coverage-summary.json`, 'utf8'))
const byName = new Map(
  Object.entries(summary).map(([path, covered]) => [relative(REPOSITORY, path), covered]),
)

let isComplete = true
for (const name of PURE_MODULES) {
  const { lines, branches } = byName.get(name) ?? { lines: { pct: 0 }, branches: { pct: 0 } }
  if (lines.pct < 100 || branches.pct < 100) isComplete = false
  console.log(`${name}: ${lines.pct} % of lines, ${branches.pct} % of branches`)
}
process.exitCode = isComplete ? 0 : 1
