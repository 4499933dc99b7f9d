import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { FileDigests, LONGEST_AWAITED_BYTES } from '#plugin/files/file-digests.js'
import { OpenFile } from '#plugin/files/open-file.js'
import { LARGE_HASHES, SMALL_HASHES } from '#plugin/memory-bounds.js'
import { serve, until } from '../support/serve.ts'

const SHORT = Buffer.from('a line\n')
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64')

interface Fake {
  readonly file: OpenFile
  /** Where it was read. */
  readonly reads: number[]
  users: number
}

interface FakeOptions {
  readonly size?: number
  readonly ino?: bigint
  readonly settled?: boolean
  /** How many bytes a read gets at most. */
  readonly atOnce?: number
  /** Called before each read. */
  readonly beforeRead?: (position: number) => Promise<void>
  readonly isUntouched?: () => boolean
}

/** An open file of zeroes, which counts its users. */
function fake(options: FakeOptions = {}): Fake {
  const { size = 7, ino = 1n, settled = true, atOnce = size, beforeRead, isUntouched } = options
  const made: Fake = { file: undefined as unknown as OpenFile, reads: [], users: 1 }
  const file: Partial<OpenFile> = {
    settled,
    version: { dev: 1n, ino, size: BigInt(size), mtimeNs: 1n } as OpenFile['version'],
    versionKey: `${ino}:${size}`,
    retain: () => made.users++ > 0,
    release: () => {
      made.users--
    },
    readAt: async (target, position) => {
      made.reads.push(position)
      await beforeRead?.(position)
      target.fill(0)
      return Math.min(atOnce, target.length)
    },
    isUntouched: async () => isUntouched?.() ?? true,
  }
  return Object.assign(made, { file: file as OpenFile })
}

const LONG = LONGEST_AWAITED_BYTES + 1
const OWNER = {}

async function known(digests: FileDigests, { file }: Fake): Promise<string> {
  for (;;) {
    const digest = digests.known(file, 'sha-256')
    if (digest !== undefined) return digest
    await sleep(5)
  }
}

t.test('100 requests at the same time share one hash, of a short file and of a long one', async (t) => {
  for (const size of [SHORT.length, LONG]) {
    const digests = new FileDigests()
    const one = fake({ size })
    const all = await Promise.all(Array.from({ length: 100 }, () => digests.of(one.file, 'sha-256', OWNER)))
    const want = digestOf(Buffer.alloc(size))
    t.strictSame(new Set(all), new Set([size === LONG ? undefined : want]))
    t.equal(await known(digests, one), want)
    t.equal(await digests.of(one.file, 'sha-256', OWNER), want)
    t.strictSame(one.reads, [...new Set(one.reads)], 'each step was read once')
    await until(() => one.users === 1)
  }
})

t.test('100 requests at the same time read a file of the server once', async (t) => {
  const root = t.testdir({ 'a.bin': Buffer.alloc(LONGEST_AWAITED_BYTES) })
  const reads = countReads(t)
  const { app } = await serve(t, { plugin: { root } })
  const request = { method: 'HEAD', url: '/a.bin', headers: { 'want-repr-digest': 'sha-256=1' } } as const
  const want = `sha-256=:${digestOf(Buffer.alloc(LONGEST_AWAITED_BYTES))}:`
  const seen = new Set<unknown>()
  // A machine that is busy may answer without it first.
  while (!seen.has(want)) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => app.inject(request)))
    for (const { headers } of answers) seen.add(headers['repr-digest'])
  }
  seen.delete(undefined)
  t.strictSame(seen, new Set([want]))
  t.equal(reads.bytes, LONGEST_AWAITED_BYTES)
})

/** Counts the bytes that are read of all files, until the test ends. */
function countReads(t: Test): { bytes: number } {
  const counted = { bytes: 0 }
  const { readAt } = OpenFile.prototype
  OpenFile.prototype.readAt = async function (...args) {
    const bytesRead = await readAt.apply(this, args)
    counted.bytes += bytesRead
    return bytesRead
  }
  t.teardown(() => {
    OpenFile.prototype.readAt = readAt
  })
  return counted
}

t.test('a file that nobody asks a digest for is not read', async (t) => {
  const root = t.testdir({ 'a.bin': SHORT })
  const reads = countReads(t)
  const { app } = await serve(t, { plugin: { root } })
  for (const headers of [{}, { 'want-repr-digest': 'md5=1' }])
    t.equal((await app.inject({ method: 'HEAD', url: '/a.bin', headers })).statusCode, 200)
  t.equal(reads.bytes, 0)
})

t.test('a version that is unsettled, growing, changed or not readable has no digest', async (t) => {
  const digests = new FileDigests()
  const of = ({ file }: Fake): Promise<string | undefined> => digests.of(file, 'sha-256', OWNER)
  t.equal(await of(fake({ settled: false })), undefined)
  t.equal(await of(fake({ ino: 2n, isUntouched: () => false })), undefined)
  const fails = (): Promise<void> => Promise.reject(new Error('EIO'))
  t.equal(await of(fake({ ino: 3n, beforeRead: fails })), undefined)
  t.equal(await of(fake({ ino: 3n })), digestOf(Buffer.alloc(7)), 'a later try can succeed')
  t.equal(await of(fake({ ino: 3n, size: 8 })), undefined, 'it has grown')
})

t.test('a hash stops when nobody wants it, and goes on where it was', async (t) => {
  const times = { interestMs: 0, sweepMs: 1 }
  const digests = new FileDigests(times)
  let endRead = (): void => {}
  const held = new Promise<void>((resolve) => {
    endRead = resolve
  })
  // The first read ends when nobody wants the hash any more.
  const first = fake({ size: LONG, atOnce: 1, beforeRead: () => held })
  t.equal(await digests.of(first.file, 'sha-256', OWNER), undefined)
  await until(() => first.users === 1)
  endRead()
  await sleep(5)
  t.strictSame(first.reads, [0])
  times.interestMs = 60_000
  const again = fake({ size: LONG })
  t.equal(await digests.of(again.file, 'sha-256', OWNER), undefined)
  t.equal(await known(digests, again), digestOf(Buffer.alloc(LONG)))
  t.ok(
    again.reads.every((position) => position > 0),
    'the first byte was not read again',
  )
})

t.test('a hash stops when the last server that wants it is closed', async (t) => {
  const digests = new FileDigests()
  const [one, other] = [{}, {}]
  const hung = fake({ size: LONG, beforeRead: () => new Promise(() => {}) })
  await digests.of(hung.file, 'sha-256', one)
  await digests.of(hung.file, 'sha-256', other)
  digests.leave(one)
  await sleep(5)
  t.equal(hung.users, 2)
  digests.leave(other)
  await until(() => hung.users === 1)
})

t.test(
  'clients cannot make the server hash more than a few files at a time, nor wait for them',
  async (t) => {
    const digests = new FileDigests()
    const hang = { beforeRead: () => new Promise<void>(() => {}) }
    for (const [size, { running, waiting }] of [
      [7, SMALL_HASHES],
      [LONG, LARGE_HASHES],
    ] as const) {
      const files = Array.from({ length: running + waiting + 50 }, (_, index) =>
        fake({ size, ino: BigInt(size + index), ...hang }),
      )
      const began = performance.now()
      const all = await Promise.all(files.map(({ file }) => digests.of(file, 'sha-256', OWNER)))
      t.ok(performance.now() - began < 10_000, 'no answer waits for a storage that hangs')
      t.strictSame(new Set(all), new Set([undefined]))
      t.equal(files.filter(({ reads }) => reads.length > 0).length, running)
      t.equal(files.filter(({ users }) => users === 2).length, running + waiting)
    }
    digests.leave(OWNER)
  },
)
