// Breaks the pure modules on purpose, one small change at a time, and reports the changes that no test notices:
// `.ci/mutate`, or `.ci/mutate verify plan` for some of them. Ends with 1 when any survives that is not declared in
// equivalent.ts, or when a declaration there is wrong.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REPOSITORY } from '../support/repository.ts'
import { declared, EQUIVALENT, type Equivalent } from './equivalent.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { TESTED_MODULES, type TestedModule } from './tested-modules.ts'
import { timeoutFor, tryText, type Verdict } from './trial.ts'

type Outcome = Verdict | 'equivalent' | 'no equivalent'

const OUTCOMES: readonly Outcome[] = ['killed', 'timed out', 'equivalent', 'no equivalent', 'survived']

/** The outcomes of the mutants of a module, and the declarations that are wrong. */
interface Report {
  readonly counts: Record<Outcome, number>
  /** Declarations of mutants that do not exist. */
  readonly stale: readonly Equivalent[]
}

/** Tries every mutant of a module, two at a time. Reports each that is not simply killed. */
async function tryModule(tested: TestedModule, folder: string): Promise<Report> {
  const { module } = tested
  const original = readFileSync(join(REPOSITORY, `${module}.js`), 'utf8')
  const timeoutMs = await timeoutFor({ tested, text: original, textFile: join(folder, 'original.js') })
  const counts = { killed: 0, 'timed out': 0, survived: 0, equivalent: 0, 'no equivalent': 0 }
  const seen = new Set<Equivalent>()
  const mutants = mutantsOf(original).values()
  const work = async (textFile: string): Promise<void> => {
    for (const mutant of mutants) {
      const verdict = await tryText({ tested, text: mutant.text, textFile }, timeoutMs)
      const known = declared(module, mutant)
      if (known !== undefined) seen.add(known)
      const outcome = known === undefined ? verdict : verdict === 'survived' ? 'equivalent' : 'no equivalent'
      counts[outcome]++
      if (outcome !== 'killed' && outcome !== 'equivalent') report(module, mutant, outcome)
    }
  }
  await Promise.all(['first.js', 'second.js'].map((name) => work(join(folder, name))))
  return { counts, stale: EQUIVALENT.filter((known) => known.module === module && !seen.has(known)) }
}

function report(module: string, mutant: Mutant, outcome: Outcome): void {
  console.log(`${module}:${mutant.line}: ${outcome}:\n    ${mutant.before}\n    ${mutant.after}`)
}

async function main(names: readonly string[]): Promise<number> {
  const isNamed = ({ module }: TestedModule, name: string): boolean => module.endsWith(`/${name}`)
  const unknown = names.filter((name) => !TESTED_MODULES.some((tested) => isNamed(tested, name)))
  if (unknown.length > 0) throw new Error(`no module is called ${unknown.join(' or ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'))
  let failures = 0
  try {
    for (const tested of TESTED_MODULES) {
      if (names.length > 0 && !names.some((name) => isNamed(tested, name))) continue
      const { counts, stale } = await tryModule(tested, folder)
      for (const { line } of stale)
        console.log(`${tested.module}: no such mutant as is declared of:\n    ${line}`)
      failures += counts.survived + counts['no equivalent'] + stale.length
      const total = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0)
      console.log(
        `${tested.module}: ${total} mutants: ${OUTCOMES.map((outcome) => `${counts[outcome]} ${outcome}`).join(', ')}`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return failures === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
