// The secret of journals, in a home directory that makes no folders or does not answer.
import { execFileSync } from 'node:child_process'
import promises from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { hookFunction } from '../support/refusals.ts'
import { get, names } from '../support/run.ts'

const CONTENT = makeContent(20_000)
const A = resource(CONTENT)
const LINUX = process.platform === 'linux' ? false : 'needs /proc'

for (const home of ['/proc/x', '/proc/self/fd', '/proc/a/b/c/d', '/dev/null', '/proc/self/maps/x']) {
  t.test(`a download without a secret succeeds (XDG_STATE_HOME=${home})`, { skip: LINUX }, async (t) => {
    const server = await startHostile(honest(A))
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const env = { XDG_STATE_HOME: home, HOME: home }
    const run = rangeGet(['-q', '-o', 'file.bin', `${server.url}/x`], dir, env)
    const guard = setTimeout(() => run.child.kill('SIGKILL'), 10_000)
    const { status, stderr } = await run.ended
    clearTimeout(guard)
    t.equal(status, 0, stderr)
    t.strictSame(names(dir), ['file.bin'])
  })
}

t.test('the folder of the secret is made with all its parents', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ state: {} })
  const env = { XDG_STATE_HOME: join(dir, 'state', 'a', 'b', 'c') }
  const { status } = await rangeGet(['-q', '-o', 'file.bin', `${server.url}/x`], dir, env).ended
  t.equal(status, 0)
  t.strictSame(names(join(env.XDG_STATE_HOME, 'range-get')), ['journal.key'])
})

t.test(
  'a download with a home that does not answer succeeds after a few seconds, but cannot be resumed',
  async (t) => {
    const server = await startHostile(honest(A))
    t.teardown(() => server.stop())
    const own = promises.open
    let held = 0
    t.teardown(
      hookFunction('open', async (...[path, ...more]) => {
        if (!String(path).includes('journal.key')) return await Reflect.apply(own, promises, [path, ...more])
        held++
        return await new Promise(() => undefined)
      }),
    )
    const dirs = ['a', 'b', 'c'].map((name) => join(t.testdir({ a: {}, b: {}, c: {} }), name))
    const ends = await Promise.all(dirs.map((dir) => get(`${server.url}/x`, dir)))
    for (const end of ends) sameBytes(t, end.file, CONTENT, end.message)
    t.equal(held, 1, 'one call is held, not one for each download')

    const stop = new AbortController()
    setTimeout(() => stop.abort(), 200)
    const begun = performance.now()
    const end = await get(`${server.url}/x`, t.testdir({}), { signal: stop.signal })
    t.equal(end.code, 'ERR_DOWNLOAD_ABORTED')
    t.ok(performance.now() - begun < 2000, 'a stop does not wait for it')
  },
)

const HOOK = pathToFileURL(join(import.meta.dirname, '..', 'support', 'with-stalled-home.js')).href
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

for (const signal of SIGNALS) {
  t.test(`a stop ends at once while the home does not answer (${signal})`, { skip: LINUX }, async (t) => {
    const server = await startHostile(honest(A))
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const fifo = join(dir, 'fifo')
    execFileSync('mkfifo', [fifo])
    const env = { STALLED_AT: fifo, NODE_OPTIONS: `--import=${HOOK}` }
    const run = rangeGet(['-q', '-o', 'file.bin', `${server.url}/x`], dir, env)
    await sleep(1500)
    run.child.kill(signal)
    const isOver = await Promise.race([run.ended.then(() => true), sleep(3000, false)])
    run.child.kill('SIGKILL')
    const ended = await run.ended
    t.ok(isOver)
    // As a shell sees it, 128 and the signal's number.
    t.equal(ended.signal ?? ended.status, signal)
    t.strictSame(names(dir), ['fifo'])
  })
}
