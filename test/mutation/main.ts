// Breaks the pure rooms on purpose, one small change at a time, and reports the changes that no test notices:
// `.ci/mutate`, or `.ci/mutate verify plan` for some of them. Ends with 1 when any survives that is not declared.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isEquivalent } from './equivalent.ts'
import { lineOf, mutantsOf } from './mutants.ts'
import { ROOMS, type Room } from './rooms.ts'

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))
const LOADER = new URL('load-mutant.js', import.meta.url).href
/** A mutant that takes this many times as long as its module, and a while more, loops for ever: that is noticed too. */
const PATIENCE = 10
const LEAST_MS = 5000
/** Before anything is known of a test. */
const MOST_MS = 300_000

/** How long each test takes with the module as it is, in ms. */
const usual = new Map<string, number>()

/** Whether a test fails with the mutant in the place of its module. */
function isNoticed(test: string, { module }: Room, textFile: string): boolean {
  const limit = usual.get(test)
  const { status } = spawnSync(
    process.execPath,
    ['--import', LOADER, join(REPOSITORY, '.build/test', `${test}.test.js`)],
    {
      cwd: REPOSITORY,
      timeout: limit === undefined ? MOST_MS : LEAST_MS + PATIENCE * limit,
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

/** How many mutants of a room no test notices; each is told when it is found. */
function tryRoom(room: Room, folder: string): number {
  const text = readFileSync(join(REPOSITORY, `${room.module}.js`), 'utf8')
  const textFile = join(folder, 'mutant.js')
  writeFileSync(textFile, text)
  const failing = room.tests.filter((test) => {
    const startedAt = performance.now()
    const isFailing = isNoticed(test, room, textFile)
    usual.set(test, Math.ceil(performance.now() - startedAt))
    return isFailing
  })
  if (failing.length > 0) throw new Error(`${failing.join(', ')} fail without a mutant`)
  const mutants = mutantsOf(text).filter((mutant) => !isEquivalent(room.module, mutant))
  let survivors = 0
  for (const mutant of mutants) {
    writeFileSync(textFile, mutant.text)
    if (room.tests.some((test) => isNoticed(test, room, textFile))) continue
    survivors++
    console.log(`${room.module}:${mutant.line}: ${mutant.from} -> ${mutant.to}\n    ${lineOf(mutant)}`)
  }
  console.log(`${room.module}: ${mutants.length} mutants, ${survivors} survive`)
  return survivors
}

function main(names: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'))
  const isChosen = ({ module }: Room): boolean =>
    names.length === 0 || names.some((name) => module.endsWith(`/${name}`))
  try {
    const survivors = ROOMS.filter(isChosen).reduce((sum, room) => sum + tryRoom(room, folder), 0)
    return survivors === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exitCode = main(process.argv.slice(2))
