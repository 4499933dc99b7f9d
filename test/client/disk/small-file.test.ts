// The steps on the disk of a small file, which is complete before its first journal is due.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { readSecret } from '#client/claim/journal-key.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { head, honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { hookFunction, hookHandles, systemError } from '../support/refusals.ts'
import { get, names } from '../support/run.ts'

/** The numbers of file systems that statfs(2) gives. */
const EXT4 = 0xef53
const NFS = 0x6969

const STEPS = fileURLToPath(new URL('../support/with-steps.js', import.meta.url))

t.test('a small file needs no journal and no rename', async (t) => {
  const server = await startHostile(honest(resource(makeContent(64 * 1024))))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const steps = join(t.testdir({ steps: '', work: {} }), 'steps')
  const env = { STEPS: steps, NODE_OPTIONS: `--import ${STEPS}` }
  const { status, stderr } = await rangeGet(['-q', '-o', 'file.bin', server.url], join(dir, 'work'), env)
    .ended
  t.equal(status, 0, stderr)
  const inFolder = readFileSync(steps, 'utf8')
    .split('\n')
    .filter((line) => line.includes('file.bin'))
  t.notOk(inFolder.some((line) => line.includes('.part.json') || line.startsWith('["rename"')))
  const count = (name: string): number => inFolder.filter((line) => line.startsWith(`["${name}"`)).length
  t.strictSame(
    { open: count('open'), link: count('link'), unlink: count('unlink') },
    { open: 2, link: 2, unlink: 3 },
  )
})

/** The number of reads that a small file takes, and what became of it. */
async function readsOf(t: Test): Promise<number> {
  const server = await startHostile(honest(resource(makeContent(64 * 1024))))
  t.teardown(() => server.stop())
  await get(`${server.url}/first.bin`, t.testdir({})) // makes the secret
  let reads = 0
  const undo = await hookHandles('read', () => reads++)
  t.teardown(undo)
  const dir = t.testdir({})
  t.equal((await get(`${server.url}/file.bin`, dir)).code, null)
  t.strictSame(names(dir), ['file.bin'])
  return reads
}

t.test('a small file on a local file system reads neither its lock nor the secret again', async (t) => {
  const undo = hookFunction('statfs', async () => ({ type: EXT4, bsize: 4096, blocks: 9e6, bavail: 9e6 }))
  t.teardown(undo)
  t.equal(await readsOf(t), 0)
})

t.test(
  'on a file system of the network the lock is read before the name is given and before it is removed',
  async (t) => {
    const undo = hookFunction('statfs', async () => ({ type: NFS, bsize: 4096, blocks: 9e6, bavail: 9e6 }))
    t.teardown(undo)
    t.equal(await readsOf(t), 2)
  },
)

t.test('a folder whose names cannot be read gets the file, too', async (t) => {
  const undo = hookFunction('readdir', async () => {
    throw systemError('EACCES')
  })
  t.teardown(undo)
  await readsOf(t)
})

t.test('a secret that another program has replaced is read again', async (t) => {
  const { key } = await readSecret(null)
  // See `temporary-home.ts`.
  const state = process.env[process.platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_STATE_HOME'] ?? ''
  const path = join(state, 'range-get', 'journal.key')
  sameBytes(t, readFileSync(path), key)
  const other = Buffer.alloc(key.length, 'k')
  writeFileSync(`${path}.other`, other, { mode: 0o600 })
  renameSync(`${path}.other`, path)
  sameBytes(t, (await readSecret(null)).key, other)
})

t.test('a small file is flushed once, and so is its folder', async (t) => {
  const server = await startHostile(honest(resource(makeContent(64 * 1024))))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await get(`${server.url}/first.bin`, dir) // makes the secret
  let flushes = 0
  const undo = [await hookHandles('sync', () => flushes++), await hookHandles('datasync', () => flushes++)]
  t.teardown(() => undo.map((each) => each()))
  t.equal((await get(`${server.url}/file.bin`, t.testdir({}))).code, null)
  t.equal(flushes, 2)
})

t.test('a run that has lost its lock leaves no file of its own', async (t) => {
  const { fields, content } = resource(makeContent(64 * 1024))
  for (const sent of [content, content.subarray(0, 5000)]) {
    const dir = t.testdir({})
    const lock = join(dir, 'file.bin.part.lock')
    const server = await startHostile((_, socket) => {
      const owner = JSON.parse(readFileSync(lock, 'utf8'))
      rmSync(lock)
      writeFileSync(lock, JSON.stringify({ ...owner, token: 'that of another run' }))
      socket.write(head('200 OK', { ...fields, 'content-length': content.length }))
      socket.end(sent)
    })
    t.teardown(() => server.stop())
    const { code, message } = await get(`${server.url}/file.bin`, dir, { retries: 0 })
    t.equal(code, sent === content ? 'ERR_DOWNLOAD_BUSY' : 'ERR_DOWNLOAD_NETWORK', message)
    t.strictSame(names(dir), ['file.bin.part.lock'])
  }
})
