// Two runs of one download at once. One of them is killed at some step, and the next run leaves no other file.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { names, readOrNull } from '../support/run.ts'

const CONTENT = makeContent(100_000)
/** The steps at which one run is killed. */
const STEPS = Array.from({ length: 10 }, (_, index) => 3 * index + 1)

t.setTimeout(300_000)

for (const [name, args] of [
  ['the caller gives the name', ['-o', 'file.bin']],
  ['the URL gives the name', []],
] as const) {
  t.test(`after one of two runs was killed the next run leaves only the file (${name})`, async (t) => {
    const server = await startHostile(honest(resource(CONTENT)))
    t.teardown(() => server.stop())
    const hooks = fileURLToPath(new URL('../support/with-steps.js', import.meta.url))
    for (const step of STEPS) {
      const root = t.testdir({ work: {}, state: {} })
      const dir = join(root, 'work')
      const env = { XDG_STATE_HOME: join(root, 'state') }
      const command = ['-q', '--overwrite', ...args, `${server.url}/file.bin`]
      const killed = { ...env, KILL_STEP: String(step), NODE_OPTIONS: `--import ${hooks}` }
      const pair = [rangeGet(command, dir, killed), rangeGet(command, dir, env)]
      const ends = await Promise.all(pair.map(({ ended }) => ended))
      for (const { signal, status, stderr } of ends) {
        const isFine = signal === 'SIGKILL' || status === 0 || status === 10
        t.ok(isFine, `killed before step ${step}: ${status} ${stderr}`)
      }
      const left = names(dir).join(' ')
      const { status, stderr } = await rangeGet(command, dir, env).ended
      t.equal(status, 0, stderr)
      sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
      t.strictSame(names(dir), ['file.bin'], `killed before step ${step}, which left ${left}`)
      t.strictSame(names(join(root, 'state', 'range-get')), ['journal.key'])
    }
  })
}
