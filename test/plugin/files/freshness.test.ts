import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { VersionRanges } from '#plugin/files/range-cache.js'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const LATER_MS = 20_000

/** Changes that a request which comes right after them must see. */
const CHANGES: readonly { name: string; change: (root: string) => void; status: number; body?: string }[] = [
  { name: 'nothing', change: () => {}, status: 200, body: 'before' },
  {
    name: 'replaced by rename',
    change: (root) => {
      writeFileSync(join(root, 'd/new'), 'after!')
      renameSync(join(root, 'd/new'), join(root, 'd/f.txt'))
    },
    status: 200,
    body: 'after!',
  },
  {
    name: 'replaced by a file with the same size and mtime',
    change: (root) => {
      writeFileSync(join(root, 'd/new'), 'after!')
      execFileSync('touch', ['-r', join(root, 'd/f.txt'), join(root, 'd/new')])
      renameSync(join(root, 'd/new'), join(root, 'd/f.txt'))
    },
    status: 200,
    body: 'after!',
  },
  {
    name: 'rewritten in place',
    change: (root) => writeFileSync(join(root, 'd/f.txt'), 'after!'),
    status: 200,
    body: 'after!',
  },
  {
    name: 'rewritten in place with the same size and mtime',
    change: (root) => {
      const { atime, mtime } = statSync(join(root, 'd/f.txt'))
      writeFileSync(join(root, 'd/f.txt'), 'after!')
      utimesSync(join(root, 'd/f.txt'), atime, mtime)
    },
    status: 200,
    body: 'after!',
  },
  { name: 'truncated', change: (root) => truncateSync(join(root, 'd/f.txt'), 2), status: 200, body: 'be' },
  { name: 'removed', change: (root) => unlinkSync(join(root, 'd/f.txt')), status: 404 },
  {
    name: 'replaced by a folder',
    change: (root) => {
      unlinkSync(join(root, 'd/f.txt'))
      mkdirSync(join(root, 'd/f.txt'))
    },
    status: 404,
  },
  {
    name: 'replaced by a FIFO',
    change: (root) => {
      unlinkSync(join(root, 'd/f.txt'))
      execFileSync('mkfifo', [join(root, 'd/f.txt')])
    },
    status: 404,
  },
  {
    name: 'replaced by a symlink to another file in the root',
    change: (root) => {
      unlinkSync(join(root, 'd/f.txt'))
      symlinkSync('../other.txt', join(root, 'd/f.txt'))
    },
    status: 200,
    body: 'other',
  },
  {
    name: 'moved out of the root, a symlink to it in its place',
    change: (root) => {
      renameSync(join(root, 'd/f.txt'), join(root, '../outside.txt'))
      symlinkSync('../../outside.txt', join(root, 'd/f.txt'))
    },
    status: 404,
  },
  {
    name: 'its folder moved out of the root, a symlink to it in its place',
    change: (root) => {
      renameSync(join(root, 'd'), join(root, '../d'))
      symlinkSync('../d', join(root, 'd'))
    },
    status: 404,
  },
  {
    name: 'the root moved away, a symlink to it in its place',
    change: (root) => {
      renameSync(root, `${root}.moved`)
      symlinkSync(`${root}.moved`, root)
    },
    status: 200,
    body: 'before',
  },
  {
    name: 'the root replaced by another',
    change: (root) => {
      renameSync(root, `${root}.moved`)
      mkdirSync(join(root, 'd'), { recursive: true })
      writeFileSync(join(root, 'd/f.txt'), 'after!')
    },
    status: 200,
    body: 'after!',
  },
  { name: 'the root removed', change: (root) => rmSync(root, { recursive: true }), status: 404 },
]

for (const { name, change, status, body } of CHANGES) {
  t.test(`the next answer after a change is fresh (${name})`, async (t) => {
    const folder = t.testdir({ root: { d: { 'f.txt': 'before' }, 'other.txt': 'other' } })
    const root = join(folder, 'root')
    const { port, app } = await serve(t, { plugin: { root } })
    const client = await RawClient.connect(port)
    // Descriptor, version and bytes are cached by then. Bytes are if the file was not written a moment ago.
    const kept = t.capture(VersionRanges.prototype, 'keep', VersionRanges.prototype.keep)
    const { now } = Date
    const clock = t.intercept(Date, 'now', { value: () => now() + LATER_MS })
    for (let turn = 0; turn < 3; turn++) {
      const first = await client.exchange('GET', '/d/f.txt')
      t.equal(first.body.toString(), 'before')
    }
    clock.restore()
    t.ok(kept().length > 0)
    change(root)
    const answer = await client.exchange('GET', '/d/f.txt')
    t.equal(answer.status, status)
    if (body !== undefined) t.equal(answer.body.toString(), body)
    const ranged = await client.exchange('GET', '/d/f.txt', ['Range: bytes=0-1'])
    t.equal(ranged.status, status === 200 ? 206 : status)
    if (body !== undefined) t.equal(ranged.body.toString(), body.slice(0, 2))
    client.destroy()
    await app.close()
  })
}

/** Ways to put other bytes of the same length into a file while everything that `ls` shows stays as it was. */
const DISGUISES: readonly { name: string; write: (path: string, bytes: string) => void }[] = [
  {
    name: 'touch -r',
    write: (path, bytes) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, bytes)
      utimesSync(path, atime, mtime)
    },
  },
  {
    name: 'cp -p over it',
    write: (path, bytes) => {
      writeFileSync(`${path}.source`, bytes)
      execFileSync('touch', ['-r', path, `${path}.source`])
      execFileSync('cp', ['-p', `${path}.source`, path])
    },
  },
  {
    name: 'a copy renamed over it, as rsync -t does',
    write: (path, bytes) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(`${path}.source`, bytes)
      cpSync(`${path}.source`, `${path}.tmp`)
      utimesSync(`${path}.tmp`, atime, mtime)
      renameSync(`${path}.tmp`, path)
    },
  },
]

for (const { name, write } of DISGUISES) {
  t.test(`other bytes have another tag (${name})`, async (t) => {
    const root = t.testdir({ 'f.txt': 'one' })
    const { app } = await serve(t, { plugin: { root } })
    utimesSync(join(root, 'f.txt'), 1_000_000_000, 1_000_000_000)
    const tags = new Set<unknown>()
    for (const bytes of ['one', 'two', 'six']) {
      if (bytes !== 'one') write(join(root, 'f.txt'), bytes)
      const { headers, body } = await app.inject('/f.txt')
      t.equal(body, bytes)
      t.match(headers.etag, /^"/, 'strong')
      t.equal(headers['last-modified'], 'Sun, 09 Sep 2001 01:46:40 GMT')
      tags.add(headers.etag)
    }
    t.equal(tags.size, 3)
  })
}

t.test('two contents never have the same strong tag, however quickly they follow each other', async (t) => {
  const root = t.testdir({ 'f.txt': '0000' })
  const path = join(root, 'f.txt')
  const { app } = await serve(t, { plugin: { root } })
  const contents = new Map<string, Set<string>>()
  const ask = async (): Promise<void> => {
    const { headers, body } = await app.inject({ url: '/f.txt', headers: { range: 'bytes=0-2' } })
    const tag = String(headers.etag)
    if (tag.startsWith('"')) contents.set(tag, (contents.get(tag) ?? new Set()).add(body))
  }
  const fd = openSync(path, 'r+')
  for (let turn = 0; turn < 80; turn++) {
    // Answers between writes that follow each other within a tick of the file system's clock, and one after them.
    const asked: Promise<void>[] = []
    for (let write = 0; write < 5; write++) {
      writeSync(fd, String((turn * 5 + write) % 1000).padStart(3, '0'), 0)
      asked.push(ask())
      await new Promise((resolve) => setTimeout(resolve, write % 2))
    }
    await Promise.all(asked)
  }
  closeSync(fd)
  const ambiguous = [...contents].filter(([, bodies]) => bodies.size > 1)
  t.ok(contents.size > 10, `${contents.size} strong tags`)
  t.equal(ambiguous.length, 0, 'each for one content')
})

t.test('a tag of the content belongs to that content only, also while it changes', async (t) => {
  const root = t.testdir({ 'f.txt': 'A'.repeat(500_000) })
  const path = join(root, 'f.txt')
  const { app } = await serve(t, { plugin: { root, etag: 'content' } })
  let writing = true
  const writer = (async () => {
    for (let turn = 0; writing; turn++) {
      writeFileSync(`${path}.new`, (turn % 2 === 0 ? 'B' : 'A').repeat(500_000))
      if (turn % 3 === 0) renameSync(`${path}.new`, path)
      else cpSync(`${path}.new`, path)
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
  })()
  let right = 0
  for (let turn = 0; turn < 30; turn++) {
    const { statusCode, headers, body } = await app.inject({ url: '/f.txt' })
    if (statusCode !== 200 || body.length !== 500_000) continue
    right++
    const tag = createHash('sha256').update(body).digest('base64url')
    if (!String(headers.etag).includes(tag)) t.fail('a tag of other content')
  }
  writing = false
  await writer
  t.ok(right > 0, `${right} answers`)
})

t.test('a file that was just written has a strong tag in its first answer', async (t) => {
  const root = t.testdir({})
  const { app } = await serve(t, { plugin: { root } })
  writeFileSync(join(root, 'export.csv'), 'a,b\n')
  const { headers } = await app.inject('/export.csv')
  t.match(headers.etag, /^"/)
})
