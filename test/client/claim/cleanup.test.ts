// Cleanup after a run that was killed when its file had its name, or stopped while it checked the state of an earlier run.
import { linkSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { PartFile } from '#client/disk/part-file.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, sha256, startHostile } from '../support/hostile-server.ts'
import { killAfter } from '../support/kill.ts'
import { hookFunction } from '../support/refusals.ts'
import { get, names } from '../support/run.ts'
import { type SlowServer, startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(100_000)
const A = resource(CONTENT)
/** Its part file gets a name of its own before it gets the final one. */
const LARGE = makeContent(1_100_000)
const HOOKS = fileURLToPath(new URL('../support/with-kill.js', import.meta.url))

t.setTimeout(300_000)

/** A download that was killed half way, and whose part file has a second name: the next run has to copy it. */
async function killedBesideLink(t: Test): Promise<{ slow: SlowServer; dir: string }> {
  const slow = await startSlow(A, 512)
  t.teardown(() => slow.stop())
  const dir = t.testdir({})
  await killAfter(slow, CONTENT.length / 2, { dir })
  linkSync(join(dir, 'file.bin.part'), join(dir, 'second-name'))
  return { slow, dir }
}

t.test('a run that is stopped while it copies the part file leaves no copy', async (t) => {
  const { slow, dir } = await killedBesideLink(t)
  const stop = new AbortController()
  const { open } = promises
  const undo = hookFunction('open', async (...args: unknown[]) => {
    if (String(args[0]).includes('.part.new.')) stop.abort()
    return await Reflect.apply(open, promises, args)
  })
  t.teardown(undo)
  t.equal((await get(`${slow.url}/file.bin`, dir, { signal: stop.signal })).code, 'ERR_DOWNLOAD_ABORTED')
  t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json', 'second-name'])
})

t.test('a run that finds the file complete removes what a killed run left', async (t) => {
  for (const [content, when, step] of [
    [CONTENT, 'KILL', 'link:/file\\.bin$'],
    [CONTENT, 'KILL_BEFORE', 'unlink:\\.part\\.lock$'],
    [LARGE, 'KILL', 'link:/file\\.bin$'],
    [LARGE, 'KILL', 'unlink:\\.part\\.done\\.'],
    [LARGE, 'KILL_BEFORE', 'unlink:\\.part\\.lock$'],
  ] as const) {
    const server = await startHostile(honest(resource(content)))
    t.teardown(() => server.stop())
    const url = `${server.url}/file.bin`
    const dir = t.testdir({})
    const hooks = { NODE_OPTIONS: `--import ${HOOKS}`, [when]: step }
    const killed = await rangeGet(['-q', '-o', 'file.bin', url], dir, hooks).ended
    t.equal(killed.signal, 'SIGKILL', killed.stderr)
    t.ok(names(dir).length > 1)
    const { result, message } = await get(url, dir, { checksum: `sha-256=${sha256(content)}` })
    t.equal(result?.resumed, content.length, message)
    t.strictSame(names(dir), ['file.bin'], step)
  }
})

t.test('state that can be resumed stays when the next run finds another file there', async (t) => {
  const slow = await startSlow(A, 512)
  t.teardown(() => slow.stop())
  const dir = t.testdir({})
  await killAfter(slow, CONTENT.length / 2, { dir })
  writeFileSync(join(dir, 'file.bin'), 'mine')
  const before = names(dir)
  t.equal((await get(`${slow.url}/file.bin`, dir)).code, 'ERR_DOWNLOAD_EXISTS')
  t.strictSame(names(dir), before)
  const end = await get(`${slow.url}/file.bin`, dir, { existing: 'replace' })
  t.ok((end.result?.resumed ?? 0) > 0, end.message)
  t.strictSame(names(dir), ['file.bin'])
})

t.test('a run that is stopped while it checks its copy loses nothing', async (t) => {
  const { slow, dir } = await killedBesideLink(t)
  const stop = new AbortController()
  const { holds } = PartFile.prototype
  t.teardown(() => Object.assign(PartFile.prototype, { holds }))
  PartFile.prototype.holds = async function (block) {
    stop.abort()
    return await holds.call(this, block)
  }
  t.equal((await get(`${slow.url}/file.bin`, dir, { signal: stop.signal })).code, 'ERR_DOWNLOAD_ABORTED')
  PartFile.prototype.holds = holds
  t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json', 'second-name'])
  const end = await get(`${slow.url}/file.bin`, dir)
  t.ok((end.result?.resumed ?? 0) > 0, end.message)
  sameBytes(t, end.file, CONTENT)
})
