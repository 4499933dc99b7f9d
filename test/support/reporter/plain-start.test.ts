import { spawnSync } from 'node:child_process'
import t from 'tap'
import { startPlainly } from './plain-start.ts'

const LOADER = '--import=file:///a/node_modules/@tapjs/processinfo/dist/esm/import.mjs'
const OTHERS = ['--enable-source-maps', '--import=./mine.js', 'some.test.js']

/** The arguments with which a file is started. */
function argumentsWith(counts: string): readonly string[] {
  const file = { args: [LOADER, ...OTHERS], options: { env: { _TAPJS_PROCESSINFO_COVERAGE_: counts } } }
  startPlainly(file)
  return file.args
}

/** The options of Node that a process gets from its environment. */
function optionsWith(counts: string): string {
  const env = {
    ...process.env,
    _TAPJS_PROCESSINFO_COVERAGE_: counts,
    NODE_OPTIONS: `--no-warnings "${LOADER}"`,
  }
  return spawnSync('sh', ['-c', 'echo "$NODE_OPTIONS"'], { env, encoding: 'utf8' }).stdout.trim()
}

t.test('a test file is started without the loader of tap', (t) => {
  t.strictSame(argumentsWith('0'), OTHERS)
  t.equal(optionsWith('0'), '--no-warnings')
  t.end()
})

t.test('where coverage is counted, with the loader', (t) => {
  t.strictSame(argumentsWith('1'), [LOADER, ...OTHERS])
  t.equal(optionsWith('1'), `--no-warnings "${LOADER}"`)
  t.end()
})

t.test('what is no process has no arguments', (t) => {
  t.doesNotThrow(() => startPlainly({ options: {} }))
  t.end()
})
