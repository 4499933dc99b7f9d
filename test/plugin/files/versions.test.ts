import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve } from '../support/serve.ts'

const SIZE = 12 * 1024 * 1024
const EARLY_BYTES = 16 * 1024
const A = Buffer.alloc(SIZE, 'A')
const LATER = new Date('2020-01-01T00:00:00Z')
const notRoot = process.getuid?.() === 0 ? false : 'needs root, to give files away and to mount'

/** Puts other bytes into a file in place. */
function rewrite(path: string): void {
  writeFileSync(path, Buffer.alloc(statSync(path).size, 'B'), { flag: 'r+' })
}

interface Change {
  readonly name: string
  readonly skip?: string | false
  readonly change: (root: string) => void
  /** Where the file is afterwards. */
  readonly at?: string
}

const WITHOUT_A_BYTE: readonly Change[] = [
  { name: 'nothing', change: () => {} },
  { name: 'chmod', change: (root) => chmodSync(join(root, 'f.bin'), 0o600) },
  {
    name: 'chmod, twice',
    change: (root) => {
      chmodSync(join(root, 'f.bin'), 0o600)
      chmodSync(join(root, 'f.bin'), 0o640)
    },
  },
  { name: 'chown', skip: notRoot, change: (root) => chownSync(join(root, 'f.bin'), 1234, 0) },
  { name: 'chgrp', skip: notRoot, change: (root) => chownSync(join(root, 'f.bin'), 0, 1234) },
  { name: 'ln', change: (root) => linkSync(join(root, 'f.bin'), join(root, 'g.bin')) },
  {
    name: 'cp -al',
    change: (root) => execFileSync('cp', ['-al', join(root, 'f.bin'), join(root, 'snapshot.bin')]),
  },
  { name: 'rm of another hard link', change: (root) => unlinkSync(join(root, 'other.bin')) },
  {
    name: 'mv',
    change: (root) => renameSync(join(root, 'f.bin'), join(root, 'moved.bin')),
    at: 'moved.bin',
  },
  {
    name: 'mv into another folder',
    change: (root) => {
      mkdirSync(join(root, 'd'))
      renameSync(join(root, 'f.bin'), join(root, 'd/f.bin'))
    },
    at: 'd/f.bin',
  },
  {
    name: 'its folder renamed, then chmod',
    change: (root) => {
      mkdirSync(join(root, 'd'))
      renameSync(join(root, 'f.bin'), join(root, 'd/f.bin'))
      renameSync(join(root, 'd'), join(root, 'e'))
      chmodSync(join(root, 'e/f.bin'), 0o600)
    },
    at: 'e/f.bin',
  },
  { name: 'touch -a', change: (root) => execFileSync('touch', ['-a', join(root, 'f.bin')]) },
  {
    name: 'read by another program',
    change: (root) => execFileSync('cat', [join(root, 'f.bin')], { stdio: 'ignore' }),
  },
]

const WITH_OTHER_BYTES: readonly Change[] = [
  {
    name: 'rewritten in place, times put back by utimes',
    change: (root) => {
      const { atime, mtime } = statSync(join(root, 'f.bin'))
      rewrite(join(root, 'f.bin'))
      utimesSync(join(root, 'f.bin'), atime, mtime)
    },
  },
  {
    name: 'rewritten in place, mtime put back, read by another program',
    change: (root) => {
      const { atime, mtime } = statSync(join(root, 'f.bin'))
      rewrite(join(root, 'f.bin'))
      utimesSync(join(root, 'f.bin'), atime, mtime)
      // Later than a tick of the clock, so that the atime is another time than the ctime.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)
      execFileSync('cat', [join(root, 'f.bin')], { stdio: 'ignore' })
    },
  },
  {
    name: 'touch -r',
    change: (root) => {
      execFileSync('touch', ['-r', join(root, 'f.bin'), join(root, 'stamp')])
      rewrite(join(root, 'f.bin'))
      execFileSync('touch', ['-r', join(root, 'stamp'), join(root, 'f.bin')])
    },
  },
  {
    name: 'touch -m to the old date',
    change: (root) => {
      rewrite(join(root, 'f.bin'))
      execFileSync('touch', ['-m', '-d', LATER.toISOString(), join(root, 'f.bin')])
    },
  },
  {
    name: 'cp -p over it',
    change: (root) => {
      writeFileSync(join(root, 'source'), Buffer.alloc(SIZE, 'B'))
      execFileSync('touch', ['-r', join(root, 'f.bin'), join(root, 'source')])
      execFileSync('cp', ['-p', join(root, 'source'), join(root, 'f.bin')])
    },
  },
  {
    name: 'rewritten through another hard link, times put back',
    change: (root) => {
      const { atime, mtime } = statSync(join(root, 'f.bin'))
      rewrite(join(root, 'other.bin'))
      utimesSync(join(root, 'other.bin'), atime, mtime)
    },
    at: 'other.bin',
  },
  { name: 'rewritten in place', change: (root) => rewrite(join(root, 'f.bin')) },
]

/** Writes no byte, but leaves nothing behind that would explain the ctime. */
const UNEXPLAINED: readonly Change[] = [
  {
    name: 'chmod, taken back',
    change: (root) => {
      const { mode } = statSync(join(root, 'f.bin'))
      chmodSync(join(root, 'f.bin'), 0o600)
      chmodSync(join(root, 'f.bin'), mode)
    },
  },
  {
    name: 'chmod to the same mode',
    change: (root) => chmodSync(join(root, 'f.bin'), statSync(join(root, 'f.bin')).mode),
  },
  {
    name: 'ln, taken back',
    change: (root) => {
      linkSync(join(root, 'f.bin'), join(root, 'g.bin'))
      unlinkSync(join(root, 'g.bin'))
    },
  },
  {
    name: 'mv, taken back',
    change: (root) => {
      renameSync(join(root, 'f.bin'), join(root, 'g.bin'))
      renameSync(join(root, 'g.bin'), join(root, 'f.bin'))
    },
  },
]

interface Scene extends Served {
  readonly root: string
}

async function scene(t: Test): Promise<Scene> {
  const root = t.testdir({ 'f.bin': A })
  linkSync(join(root, 'f.bin'), join(root, 'other.bin'))
  utimesSync(join(root, 'f.bin'), LATER, LATER)
  return { root, ...(await serve(t, { plugin: { root } })) }
}

for (const { name, change, at = 'f.bin', skip = false } of WITHOUT_A_BYTE) {
  t.test(`a download goes on, and its tag stays (${name})`, { skip }, async (t) => {
    const { root, port, errors } = await scene(t)
    const client = await RawClient.connect(port)
    client.request('GET', '/f.bin')
    const head = await client.readHead()
    const early = await client.readBytes(EARLY_BYTES)
    change(root)
    const late = await client.readBytes(SIZE - EARLY_BYTES)
    sameBytes(t, Buffer.concat([early, late]), A, 'all of it, and no other byte')
    client.destroy()
    const etag = head.fields.get('etag') ?? ''
    t.match(etag, /^"/, 'strong')
    const again = await RawClient.connect(port)
    const resumed = await again.exchange('GET', `/${at}`, [`Range: bytes=${SIZE - 4}-`, `If-Range: ${etag}`])
    t.equal(resumed.status, 206, 'it can be resumed')
    t.equal(resumed.fields.get('etag'), etag)
    again.destroy()
    t.strictSame(errors(), [])
  })
}

for (const { name, change, at = 'f.bin' } of [...WITH_OTHER_BYTES, ...UNEXPLAINED]) {
  t.test(`a download is cut, and the next tag is another one (${name})`, async (t) => {
    const { root, port } = await scene(t)
    const client = await RawClient.connect(port)
    client.request('GET', '/f.bin')
    const head = await client.readHead()
    const early = await client.readBytes(EARLY_BYTES)
    change(root)
    const late = await client.readBytes(SIZE - EARLY_BYTES)
    t.ok(early.length + late.length < SIZE, 'cut')
    client.destroy()
    const etag = head.fields.get('etag') ?? ''
    const again = await RawClient.connect(port)
    const resumed = await again.exchange('GET', `/${at}`, ['Range: bytes=0-3', `If-Range: ${etag}`])
    t.equal(resumed.status, 200)
    t.not(resumed.fields.get('etag'), etag)
    again.destroy()
  })
}

t.test('a new file with the inode number, size and mtime of a removed one has another tag', async (t) => {
  const root = t.testdir({})
  const { app } = await serve(t, { plugin: { root } })
  const contents = new Map<unknown, Set<string>>()
  const inodes = new Map<number, number>()
  for (let turn = 0; turn < 12; turn++) {
    const path = join(root, `${turn}.txt`)
    writeFileSync(path, String(turn).padStart(3), { mode: turn % 2 === 0 ? 0o600 : 0o644 })
    utimesSync(path, LATER, LATER)
    inodes.set(statSync(path).ino, (inodes.get(statSync(path).ino) ?? 0) + 1)
    const { headers, body } = await app.inject(`/${turn}.txt`)
    contents.set(headers.etag, (contents.get(headers.etag) ?? new Set()).add(body))
    unlinkSync(path)
  }
  t.equal(contents.size, 12)
  t.comment(`${inodes.size} inodes`)
})

t.test('a change of mode keeps the tag, and forbids reading if it says so', async (t) => {
  const root = t.testdir({ 'f.txt': 'bytes' })
  const { app } = await serve(t, { plugin: { root } })
  const { headers: before } = await app.inject('/f.txt')
  chmodSync(join(root, 'f.txt'), 0o640)
  const { headers: after } = await app.inject('/f.txt')
  t.equal(after.etag, before.etag)
})

t.test(
  "under a tag of 'content', a change of mode does not hide a write while the file is sent",
  async (t) => {
    const root = t.testdir({ 'f.bin': A })
    const path = join(root, 'f.bin')
    utimesSync(path, LATER, LATER)
    const { port } = await serve(t, { plugin: { root, etag: 'content' } })
    const client = await RawClient.connect(port)
    client.request('GET', '/f.bin')
    await client.readHead()
    const early = await client.readBytes(EARLY_BYTES)
    rewrite(path)
    chmodSync(path, 0o600)
    utimesSync(path, LATER, LATER)
    const late = await client.readBytes(SIZE - EARLY_BYTES)
    t.ok(early.length + late.length < SIZE, 'cut')
    client.destroy()
  },
)

t.test("a tag of 'content' is that of the bytes, also if a change of mode hides a write", async (t) => {
  const root = t.testdir({ 'f.txt': 'one' })
  const path = join(root, 'f.txt')
  utimesSync(path, LATER, LATER)
  const { app } = await serve(t, { plugin: { root, etag: 'content' } })
  const { headers: before } = await app.inject('/f.txt')
  writeFileSync(path, 'two')
  chmodSync(path, 0o600)
  utimesSync(path, LATER, LATER)
  const { headers: after, body } = await app.inject('/f.txt')
  t.equal(body, 'two')
  t.not(after.etag, before.etag)
})

t.test('the tag is the same on another mount of the file system', { skip: notRoot }, async (t) => {
  const base = t.testdir({ lower: { 'f.txt': 'bytes' }, empty: {}, one: {}, two: {} })
  const [one, two] = [join(base, 'one'), join(base, 'two')]
  const layers = `lowerdir=${join(base, 'lower')}:${join(base, 'empty')}`
  const mounted: string[] = []
  try {
    for (const mount of [one, two]) {
      execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, mount], { stdio: 'ignore' })
      mounted.push(mount)
    }
    t.not(statSync(join(one, 'f.txt')).dev, statSync(join(two, 'f.txt')).dev, 'two devices')
    const answers = await Promise.all(mounted.map((root) => askOnce(t, root)))
    t.match(answers[0], /^"/)
    t.equal(answers[1], answers[0])
  } catch (error) {
    // Root in a container may not be allowed to mount.
    if (mounted.length === 2 || process.env['CI'] !== undefined) throw error
    t.pass('mounted', { skip: 'mounting is not allowed here' })
  } finally {
    for (const mount of mounted) execFileSync('umount', [mount])
  }
})

async function askOnce(t: Test, root: string): Promise<string> {
  // Kept open, a file would keep the mount busy.
  const { app } = await serve(t, { plugin: { root, maxOpenFiles: 0 } })
  const { headers, body } = await app.inject('/f.txt')
  t.equal(body, 'bytes')
  return String(headers.etag)
}

t.test('two files of one size that were written within one tick have different tags', async (t) => {
  const root = t.testdir({})
  for (let index = 0; index < 20; index++) writeFileSync(join(root, `${index}`), String(index).padStart(2))
  for (let index = 0; index < 20; index++) utimesSync(join(root, `${index}`), LATER, LATER)
  const { app } = await serve(t, { plugin: { root } })
  const tags = new Set<unknown>()
  for (let index = 0; index < 20; index++) tags.add((await app.inject(`/${index}`)).headers.etag)
  t.equal(tags.size, 20)
})
