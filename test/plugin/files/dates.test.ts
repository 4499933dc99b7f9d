import { execFileSync } from 'node:child_process'
import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bufferSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'

const OLD = new Date('2020-01-01T00:00:00Z')
const MS_PER_SECOND = 1000

/** Waits until the clock shows a part of a second, so that what follows soon happens in the same second. */
async function untilMs(from: number, to: number): Promise<void> {
  for (let ms = Date.now() % MS_PER_SECOND; ms < from || ms > to; ms = Date.now() % MS_PER_SECOND)
    await sleep(5)
}

/** Writes the file twice within one second, with an answer about each, and returns the dates of the two. */
async function twoVersions(t: Test, etag: 'stat' | false): Promise<void> {
  const root = t.testdir({})
  const path = join(root, 'f.txt')
  const { app } = await serve(t, { plugin: { root, etag } })
  for (;;) {
    await untilMs(10, 100)
    writeFileSync(path, 'one')
    const first = await app.inject('/f.txt')
    await untilMs(400, 800)
    writeFileSync(path, 'two')
    const second = await app.inject('/f.txt')
    // A machine that was held up in between starts over.
    const third = Math.floor(statSync(path).mtimeMs / MS_PER_SECOND)
    if (Math.floor(Date.parse(String(first.headers.date)) / MS_PER_SECOND) !== third) continue
    t.equal(first.headers['last-modified'], undefined)
    t.equal(second.headers['last-modified'], undefined)
    await untilMs(100, 900)
    while (Date.now() / MS_PER_SECOND < third + 2) await sleep(20)
    const later = await app.inject('/f.txt')
    t.equal(Date.parse(String(later.headers['last-modified'])), third * MS_PER_SECOND, 'the second is over')
    const date = String(later.headers['last-modified'])
    const resumed = await app.inject({ url: '/f.txt', headers: { range: 'bytes=0-0', 'if-range': date } })
    t.equal(resumed.statusCode, 206, 'only the second version ever had this date')
    return
  }
}

t.test('RFC 9110 §8.8.2.2 no date is sent until the second of the mtime is over', (t) =>
  twoVersions(t, 'stat'),
)
t.test('no date is sent until the second of the mtime is over (etag: false)', (t) => twoVersions(t, false))

const SHARED: readonly { name: string; write: (path: string) => void }[] = [
  {
    name: 'the mtime put back after a rewrite',
    write: (path) => {
      writeFileSync(path, 'two')
      utimesSync(path, OLD, OLD)
    },
  },
  {
    name: 'the mtime put into the same second',
    write: (path) => {
      writeFileSync(path, 'two')
      utimesSync(path, OLD, OLD.getTime() / MS_PER_SECOND + 0.5)
    },
  },
  {
    name: 'replaced by a file of the same date',
    write: (path) => {
      writeFileSync(`${path}.new`, 'two')
      execFileSync('touch', ['-r', path, `${path}.new`])
      renameSync(`${path}.new`, path)
    },
  },
]

for (const { name, write } of SHARED) {
  t.test(`RFC 9110 §13.1.5 a date that two versions share continues no download (${name})`, async (t) => {
    const root = t.testdir({ 'f.txt': 'one' })
    const path = join(root, 'f.txt')
    utimesSync(path, OLD, OLD)
    const { app } = await serve(t, { plugin: { root } })
    const { headers } = await app.inject('/f.txt')
    const date = String(headers['last-modified'])
    const range = { range: 'bytes=0-0', 'if-range': date }
    t.equal((await app.inject({ url: '/f.txt', headers: range })).statusCode, 206)
    write(path)
    for (let turn = 0; turn < 2; turn++) {
      const resumed = await app.inject({ url: '/f.txt', headers: range })
      t.equal(resumed.statusCode, 200)
      t.equal(resumed.body, 'two')
      const known = await app.inject({ url: '/f.txt', headers: { 'if-modified-since': date } })
      t.equal(known.statusCode, 200, 'nor is it taken for unmodified')
      const guarded = await app.inject({ url: '/f.txt', headers: { 'if-unmodified-since': date } })
      t.equal(guarded.statusCode, 412)
    }
  })
}

interface Ahead {
  readonly name: string
  readonly ms: number
}

const AHEAD: readonly Ahead[] = [
  { name: 'a second', ms: 1500 },
  { name: 'an hour', ms: 3_600_000 },
  { name: 'a century', ms: 100 * 365 * 86_400_000 },
]

for (const { name, ms } of AHEAD) {
  t.test(`RFC 9110 §8.8.2.1 an mtime ${name} in the future gives no date, in any process`, async (t) => {
    const root = t.testdir({ 'f.txt': 'one' })
    const path = join(root, 'f.txt')
    const { app } = await serve(t, { plugin: { root } })
    const ahead = new Date(Date.now() + ms)
    utimesSync(path, ahead, ahead)
    const { headers } = await app.inject('/f.txt')
    t.equal(headers['last-modified'], undefined)
    writeFileSync(path, 'two')
    utimesSync(path, ahead, ahead)
    // What a process that has seen neither version says: it has only what the file system says now.
    const other = await serve(t, { plugin: { root, maxOpenFiles: 0 } })
    const ask = (field: string) =>
      other.app.inject({ url: '/f.txt', headers: { [field]: String(headers.date), range: 'bytes=0-0' } })
    t.equal((await ask('if-modified-since')).body, 't', 'modified')
    t.equal((await ask('if-unmodified-since')).statusCode, 412)
    t.equal((await ask('if-range')).body, 'two')
  })
}

t.test('a future date is sent when its second is over, and belongs to the last version only', async (t) => {
  const root = t.testdir({ 'f.txt': 'one' })
  const path = join(root, 'f.txt')
  const { app } = await serve(t, { plugin: { root } })
  const second = Math.floor(Date.now() / MS_PER_SECOND) + 1
  utimesSync(path, second, second + 0.5)
  t.equal((await app.inject('/f.txt')).headers['last-modified'], undefined)
  while (Date.now() / MS_PER_SECOND < second + 1.1) await sleep(20)
  const { headers } = await app.inject('/f.txt')
  const date = String(headers['last-modified'])
  t.equal(Date.parse(date), second * MS_PER_SECOND)
  const resumed = await app.inject({ url: '/f.txt', headers: { range: 'bytes=0-0', 'if-range': date } })
  t.equal(resumed.statusCode, 206)
})

t.test(
  'RFC 9110 §13.1.4 If-Unmodified-Since with an older date fails for a file of this second',
  async (t) => {
    const root = t.testdir({ 'f.txt': 'one' })
    const { app } = await serve(t, { plugin: { root } })
    const guarded = { 'if-unmodified-since': OLD.toUTCString() }
    t.equal((await app.inject({ url: '/f.txt', headers: guarded })).statusCode, 412)
  },
)

t.test('a future date of a source is not sent either', async (t) => {
  const lastModified = new Date(Date.now() + 3_600_000)
  const { app } = await serve(t, { plugin: { source: bufferSource(Buffer.from('bytes'), { lastModified }) } })
  const { headers } = await app.inject('/f.txt')
  t.equal(headers['last-modified'], undefined)
  const known = { 'if-modified-since': String(headers.date) }
  t.equal((await app.inject({ url: '/f.txt', headers: known })).statusCode, 200)
  const guarded = { 'if-unmodified-since': String(headers.date) }
  t.equal((await app.inject({ url: '/f.txt', headers: guarded })).statusCode, 412)
})
