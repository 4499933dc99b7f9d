// Modules that are loaded in the middle of a download, when descriptors may be short.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { loadModule } from '#client/files/load-module.js'
import { REPOSITORY } from '../../support/repository.ts'

const BUILT = pathToFileURL(join(REPOSITORY, 'demo-client/dist/files/load-module.js')).href

/** A program that uses up all descriptors, and frees them after a while, or never. */
const program = (freeAfterMs: number | null): string => `
  import { closeSync, openSync } from 'node:fs'
  import { loadModule } from ${JSON.stringify(BUILT)}
  const held = []
  try { for (;;) held.push(openSync('/dev/null', 'r')) } catch {}
  const free = () => { for (const each of held.splice(0)) closeSync(each) }
  ${freeAfterMs === null ? '' : `setTimeout(free, ${freeAfterMs})`}
  const end = await loadModule(() => import('tough-cookie')).then(() => 'loaded', ({ code, message }) => [code, message].join(' '))
  free()
  console.log(end)
`

function run(freeAfterMs: number | null): string {
  const args = ['--input-type=module', '-e', program(freeAfterMs)]
  const command = ['-c', 'unset NODE_OPTIONS; ulimit -n 60; exec "$0" "$@"', process.execPath, ...args]
  const cwd = join(REPOSITORY, 'demo-client')
  const { stdout, stderr } = spawnSync('bash', command, { cwd, encoding: 'utf8' })
  return stdout.trim() || stderr
}

t.test(
  'a module waits for descriptors, and a shortage has its code',
  { skip: process.platform === 'win32' && 'no ulimit here' },
  async (t) => {
    t.equal(run(100), 'loaded')
    t.match(
      run(null),
      /^ERR_DOWNLOAD_RESOURCES cannot load a part of range-get: this process has no file descriptor left \(EMFILE\)$/,
    )
  },
)

t.test('a module that is missing is said, and other failures stay as they are', async (t) => {
  const missing = 'no-such-package'
  await t.rejects(
    loadModule(() => import(missing)),
    { code: 'ERR_DOWNLOAD_RESOURCES', message: /^cannot load a part of range-get: .*no-such-package/ },
  )
  const failure = new Error('no')
  await t.rejects(
    loadModule(() => Promise.reject(failure)),
    failure,
  )
})
