// One text in the place of a module, and what the module's tests say of it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { REPOSITORY } from '../support/repository.ts'
import type { TestedModule } from './tested-modules.ts'

const LOADER = new URL('load-mutant.js', import.meta.url).href
const RUNNER = fileURLToPath(new URL('run-tests.js', import.meta.url))
/** A text whose tests take this many times as long as those of its module loops forever. */
const TIMEOUT_FACTOR = 10
const MIN_TIMEOUT_MS = 1000
/** Of the first run, before the time of the tests is known. */
const FIRST_TIMEOUT_MS = 60_000
/** Enough for any table. An endless loop that gathers values fails sooner. */
const HEAP = '--max-old-space-size=256'

export type Verdict = 'killed' | 'timed out' | 'survived'

/** A text in the place of a module. */
export interface Trial {
  readonly tested: TestedModule
  readonly text: string
  /** Where the text is put; no other trial's at the same time. */
  readonly textFile: string
}

/** How long the tests of a mutant may take, in ms. Throws when the tests do not pass with the module's own text. */
export async function timeoutFor(trial: Trial): Promise<number> {
  const startedAt = performance.now()
  const verdict = await tryText(trial, FIRST_TIMEOUT_MS)
  if (verdict !== 'survived') throw new Error(`the tests of ${trial.tested.module} fail without a mutant`)
  return MIN_TIMEOUT_MS + Math.ceil(TIMEOUT_FACTOR * (performance.now() - startedAt))
}

/** Runs the tests of the module with a text in its place. */
export async function tryText({ tested, text, textFile }: Trial, timeout: number): Promise<Verdict> {
  await writeFile(textFile, text)
  const tests = tested.tests.map((test) => urlOf(`.build/test/${test}.test.js`))
  const child = spawn(process.execPath, [HEAP, '--import', LOADER, RUNNER, ...tests], {
    cwd: REPOSITORY,
    timeout,
    killSignal: 'SIGKILL',
    stdio: 'ignore',
    env: {
      ...process.env,
      // The first assertion that fails is enough.
      TAP_BAIL: '1',
      MUTANT_MODULE: urlOf(`${tested.module}.js`),
      MUTANT_TEXT: textFile,
    },
  })
  const [status, signal] = await once(child, 'exit')
  if (signal === 'SIGKILL') return 'timed out'
  return status === 0 ? 'survived' : 'killed'
}

function urlOf(path: string): string {
  return pathToFileURL(join(REPOSITORY, path)).href
}
