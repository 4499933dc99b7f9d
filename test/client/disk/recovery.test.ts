// A part file that another process may still write to is copied. Nothing that was received is lost on the way.
import { linkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { makeContent, resource } from '../support/hostile-server.ts'
import { killAfter, recorded } from '../support/kill.ts'
import { hookFunction, systemError } from '../support/refusals.ts'
import { get, names } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const SIZE = 4 * 1024 * 1024
const A = resource(makeContent(SIZE))
const BOTH = ['file.bin.part', 'file.bin.part.json']

t.setTimeout(120_000)

/** What a killed run has left, with half of the bytes. */
async function killed(t: Test) {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await killAfter(server, SIZE / 2, { dir })
  return { server, dir, url: `${server.url}/file.bin`, part: join(dir, 'file.bin.part') }
}

t.test('a copy that cannot be recorded costs nothing: the old file stays', async (t) => {
  const { dir, url, part } = await killed(t)
  linkSync(part, join(dir, 'second name'))
  const { ino } = statSync(part)
  const { open } = promises
  const undo = hookFunction('open', async (...args) => {
    if (String(args[0]).includes('.part.json.new.')) throw systemError('ENOSPC')
    return await Reflect.apply(open, promises, args)
  })
  const full = await get(url, dir)
  undo()
  t.equal(full.code, 'ERR_DOWNLOAD_DISK_FULL', full.message)
  t.equal(statSync(part, { throwIfNoEntry: false })?.ino, ino)
  t.strictSame(
    names(dir).filter((name) => name.startsWith('file.bin.part') && !name.endsWith('.lock')),
    BOTH,
  )
  const end = await get(url, dir)
  t.ok((end.result?.resumed ?? 0) > 0, end.message)
  sameBytes(t, end.file, A.content)
})

t.test('a part file of which no byte is good stays known to the next run', async (t) => {
  const { dir, url, part } = await killed(t)
  writeFileSync(part, Buffer.alloc(statSync(part).size, 'x'))
  rmSync(join(dir, 'file.bin.part.lock'))
  t.equal((await get('http://127.0.0.1:1/file.bin', dir, { retries: 0, resumeKey: url })).result, null)
  const end = await get(url, dir)
  sameBytes(t, end.file, A.content)
  t.strictSame(names(dir), ['file.bin'])
})

/** Has `then` called when a part file is opened to be continued. Returns what undoes it. */
function whenOpened(then: () => void): () => void {
  const { open } = promises
  return hookFunction('open', async (...args) => {
    if (String(args[0]).endsWith('/file.bin.part')) then()
    return await Reflect.apply(open, promises, args)
  })
}

t.test('a run that is stopped while it checks the bytes does not cost the next one a copy', async (t) => {
  const { dir, url, part } = await killed(t)
  const { ino } = statSync(part)
  const stop = new AbortController()
  const undo = whenOpened(() => stop.abort())
  t.equal((await get(url, dir, { signal: stop.signal })).code, 'ERR_DOWNLOAD_ABORTED')
  undo()
  const end = await get(url, dir)
  t.ok((end.result?.resumed ?? 0) > 0, end.message)
  t.equal(statSync(join(dir, 'file.bin')).ino, ino, 'it is the file of the killed run')
  sameBytes(t, end.file, A.content)
  t.strictSame(names(dir), ['file.bin'])
})

/** Ends the process before its nth call that changes a name of the state. */
const KILLER = `
const promises = require('node:fs/promises')
let left = Number(process.env.KILL_AT)
for (const name of ['link', 'rename', 'unlink']) {
  const own = promises[name]
  promises[name] = (...paths) => {
    if (String(paths[0]).includes('.part') && --left === 0) process.kill(process.pid, 'SIGKILL')
    return own(...paths)
  }
}
require('node:module').syncBuiltinESMExports()
`

t.test('a kill at any step of a copy loses no byte', async (t) => {
  const { dir, url, part } = await killed(t)
  const killer = join(dir, 'killer.cjs')
  writeFileSync(killer, KILLER)
  const away = ['-q', '-o', 'file.bin', '--retries', '0', '--resume-key', url, 'http://127.0.0.1:1/file.bin']
  let isKilled = true
  let steps = 0
  for (; isKilled; steps++) {
    linkSync(part, join(dir, `second name ${steps}`))
    const env = { NODE_OPTIONS: `--require ${killer}`, KILL_AT: String(steps + 1) }
    isKilled = (await rangeGet(away, dir, env).ended).signal === 'SIGKILL'
    await rangeGet(away, dir).ended
    t.equal(recorded(dir), 1, `step ${steps + 1}`)
    t.ok(statSync(part, { throwIfNoEntry: false }), `step ${steps + 1}`)
  }
  t.ok(steps > 5)
  const end = await get(url, dir)
  t.ok((end.result?.resumed ?? 0) > 0, end.message)
  sameBytes(t, end.file, A.content)
  t.strictSame(
    names(dir).filter((name) => name.startsWith('file.bin')),
    ['file.bin'],
  )
})
