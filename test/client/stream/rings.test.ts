// Where bytes wait for an output: in memory, and in a temporary file. Both keep the same contract.

import { readdirSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FileRing } from '#client/stream/file-ring.js'
import { MemoryRing } from '#client/stream/memory-ring.js'
import type { Ring } from '#client/stream/ring.js'
import { signalled } from '#client/stream/signalled.js'
import { fileHandlePrototype } from '../support/file-handles.ts'

const RINGS = {
  'in memory': async (_: Test, size: number): Promise<Ring> => new MemoryRing(size),
  'in a file': async (t: Test, size: number): Promise<Ring> => await FileRing.open(t.testdir({}), size),
}

const text = async (bytes: Buffer | Promise<Buffer>): Promise<string> => (await bytes).toString()

for (const [name, open] of Object.entries(RINGS)) {
  t.test(`${name}: bytes have their place by their position, also around the end`, async (t) => {
    const ring = await open(t, 8)
    t.teardown(() => ring.close())
    await ring.put(Buffer.from('abcdef'), 0)
    t.equal(await text(ring.get(1, 4)), 'bcd')
    await ring.put(Buffer.from('ghij'), 6)
    t.strictSame(
      [0, 7, 8, 17].map((position) => ring.pieceEnd(position)),
      [8, 8, 16, 24],
    )
    t.equal(await text(ring.get(6, 8)), 'gh')
    t.equal(await text(ring.get(8, 10)), 'ij')
    t.equal(await text(ring.get(2, 6)), 'cdef', 'the others are untouched')
    await ring.put(Buffer.alloc(0), 3)
    t.equal(await text(ring.get(2, 6)), 'cdef')
  })

  t.test(`${name}: of several bytes for one place, those that were put last are there`, async (t) => {
    const ring = await open(t, 100)
    t.teardown(() => ring.close())
    const puts = [...'abcdefghijklmnopqrstuvwxyz'].map((each) => ring.put(Buffer.from(each), 7))
    await Promise.all([...puts, ring.put(Buffer.from('12'), 6)])
    t.equal(await text(ring.get(6, 8)), '12')
  })

  t.test(`${name}: many pieces from several places at once are all there`, async (t) => {
    const ring = await open(t, 1000)
    t.teardown(() => ring.close())
    const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251))
    const puts: (Promise<void> | null)[] = []
    for (let at = 0; at < 250; at += 10)
      for (const from of [0, 500, 250, 750])
        puts.push(ring.put(content.subarray(from + at, from + at + 10), from + at))
    await Promise.all(puts)
    t.ok(content.equals(await ring.get(0, 1000)))
    t.equal(ring.backlog, null)
  })

  t.test(`${name}: a closed one takes nothing more`, async (t) => {
    const ring = await open(t, 8)
    await ring.close()
    await ring.close()
    void ring.put(Buffer.from('a'), 0)
    t.pass('nothing is thrown')
  })
}

t.test('memory that there is not is a shortage', async (t) => {
  t.throws(() => new MemoryRing(2 ** 52), { code: 'ERR_DOWNLOAD_RESOURCES', message: /Use a smaller buffer/ })
})

interface Writes {
  writev(this: FileHandle, buffers: Buffer[], at: number): Promise<{ bytesWritten: number }>
}

/** Replaces the writes of all files until the test ends. */
async function replaceWrites(t: Test, writev: (real: Writes['writev']) => Writes['writev']): Promise<void> {
  const prototype = await fileHandlePrototype<Writes>(join(t.testdir({}), 'probe'))
  const real = prototype.writev
  prototype.writev = writev(real)
  t.teardown(() => {
    prototype.writev = real
  })
}

t.test('the file has no name, is never larger than the ring, and is closed', async (t) => {
  const files = new Set<FileHandle>()
  const sizes: number[] = []
  await replaceWrites(
    t,
    (real) =>
      async function (buffers, at) {
        files.add(this)
        const written = await real.call(this, buffers, at)
        sizes.push((await this.stat()).size)
        return written
      },
  )
  const directory = t.testdir({})
  const ring = await FileRing.open(directory, 5000)
  t.strictSame(readdirSync(directory), [])
  for (let position = 0; position < 50_000; position += 900) await ring.put(Buffer.alloc(900, 1), position)
  t.equal(Math.max(...sizes), 5000)
  await ring.close()
  t.strictSame(
    [...files].map(({ fd }) => fd),
    [-1],
  )
})

t.test('a file system that writes a few bytes at once is asked again', async (t) => {
  await replaceWrites(
    t,
    (real) =>
      function (buffers, at) {
        return real.call(
          this,
          [buffers.find(({ length }) => length > 0)?.subarray(0, 3) ?? Buffer.alloc(0)],
          at,
        )
      },
  )
  const ring = await FileRing.open(t.testdir({}), 100)
  t.teardown(() => ring.close())
  await Promise.all(
    ['abcd', 'efghi', 'j'].map((each, index) => ring.put(Buffer.from(each), [0, 4, 9][index] ?? 0)),
  )
  t.equal(await text(ring.get(0, 10)), 'abcdefghij')
})

t.test('a write that fails is a full disk, for all that wait and all that follow', async (t) => {
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' })
  await replaceWrites(t, () => async () => {
    throw full
  })
  const directory = t.testdir({})
  const ring = await FileRing.open(directory, 100)
  t.teardown(() => ring.close())
  const puts = [0, 50, 98].map((position) => ring.put(Buffer.alloc(4), position))
  for (const put of [...puts, ring.put(Buffer.from('later'), 0)])
    await t.rejects(put, {
      code: 'ERR_DOWNLOAD_DISK_FULL',
      message: `cannot write a temporary file in ${directory}: no space is left on the disk (ENOSPC). Free some space and run again`,
    })
  await t.rejects(ring.put(Buffer.from('later'), 0), { code: 'ERR_DOWNLOAD_DISK_FULL' })
})

t.test('while the disk is behind, that is what a download waits for', async (t) => {
  const gate = signalled()
  await replaceWrites(
    t,
    (real) =>
      async function (buffers, at) {
        await gate.promise
        return await real.call(this, buffers, at)
      },
  )
  const ring = await FileRing.open(t.testdir({}), 10_000_000)
  t.teardown(() => ring.close())
  const puts = [ring.put(Buffer.alloc(1000), 0), ring.put(Buffer.alloc(ring.underWay), 5_000_000)]
  const { backlog } = ring
  t.ok(backlog)
  gate.resolve()
  await backlog
  await Promise.all(puts)
  t.equal(ring.backlog, null)
})

t.test(
  'a directory with too little space, or none that can be used, is refused before the first byte',
  async (t) => {
    const directory = t.testdir({ file: '' })
    await t.rejects(FileRing.open(directory, 2 ** 62), {
      code: 'ERR_DOWNLOAD_DISK_FULL',
      message:
        /^not enough disk space in .* for bytes that wait for the output: .* are needed, .* more than are free\. Use a smaller buffer$/,
    })
    await t.rejects(FileRing.open(join(directory, 'none'), 1), {
      code: 'ERR_DOWNLOAD_UNWRITABLE',
      message: /cannot write a temporary file in .*none: the directory does not exist \(ENOENT\)$/,
    })
    await t.rejects(FileRing.open(join(directory, 'file'), 1), { code: 'ERR_DOWNLOAD_UNWRITABLE' })
  },
)
