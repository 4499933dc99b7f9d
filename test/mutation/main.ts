// Breaks the pure rooms on purpose, one small change at a time, and reports the changes that no test notices:
// `.ci/mutate`, or `.ci/mutate verify plan` for some of them. Ends with 1 when any survives that is not declared.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isEquivalent } from './equivalent.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { ROOMS, type Room } from './rooms.ts'

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))
const LOADER = new URL('load-mutant.js', import.meta.url).href
/** A mutant that loops for ever is noticed too. */
const MOST_MS = 120_000

/** Whether a test fails with the mutant in the place of its module. */
function isNoticed(test: string, { module }: Room, textFile: string): boolean {
  const { status } = spawnSync(
    process.execPath,
    ['--import', LOADER, join(REPOSITORY, '.build/test', `${test}.test.js`)],
    {
      cwd: REPOSITORY,
      timeout: MOST_MS,
      killSignal: 'SIGKILL',
      stdio: 'ignore',
      env: {
        ...process.env,
        MUTANT_MODULE: pathToFileURL(join(REPOSITORY, `${module}.js`)).href,
        MUTANT_TEXT: textFile,
      },
    },
  )
  return status !== 0
}

function survivorsOf(
  room: Room,
  folder: string,
): { readonly tried: number; readonly survivors: readonly Mutant[] } {
  const text = readFileSync(join(REPOSITORY, `${room.module}.js`), 'utf8')
  const textFile = join(folder, 'mutant.js')
  writeFileSync(textFile, text)
  const failing = room.tests.filter((test) => isNoticed(test, room, textFile))
  if (failing.length > 0) throw new Error(`${failing.join(', ')} fail without a mutant`)
  const mutants = mutantsOf(text).filter((mutant) => !isEquivalent(room.module, mutant))
  const survivors = mutants.filter((mutant) => {
    writeFileSync(textFile, mutant.text)
    return !room.tests.some((test) => isNoticed(test, room, textFile))
  })
  return { tried: mutants.length, survivors }
}

function main(names: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'))
  const chosen = ROOMS.filter(
    ({ module }) => names.length === 0 || names.some((name) => module.endsWith(`/${name}`)),
  )
  let count = 0
  try {
    for (const room of chosen) {
      const { tried, survivors } = survivorsOf(room, folder)
      count += survivors.length
      console.log(`${room.module}: ${tried} mutants, ${survivors.length} survive`)
      for (const { line, from, to, text } of survivors)
        console.log(`  line ${line}: ${from} -> ${to}\n    ${text.split('\n')[line - 1]?.trim()}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return count === 0 ? 0 : 1
}

process.exitCode = main(process.argv.slice(2))
