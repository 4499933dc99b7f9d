// Writers that share buffers, with bytes in their space and in other memory, and a slow part file.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { BlockWriter } from '#client/disk/block-writer.js'
import type { PartFile } from '#client/disk/part-file.js'
import { BUFFER_BYTES, isPaged, nextBufferSize, PAGE_BYTES } from '#client/files/buffers.js'
import { sameBytes } from '../../support/same-bytes.ts'

const MIB = 1024 * 1024

/** Keeps what is written; looks at the bytes only when the write is over, as a disk may. */
function slowPart(size: number, disk: 'good' | 'full' = 'good') {
  const content = Buffer.alloc(size)
  const writes: number[] = []
  /** Of how many bytes began and ended with a page, of memory and of the file. */
  const tally = { paged: 0 }
  const part = {
    write: async (bytes: Buffer, position: number): Promise<void> => {
      writes.push(bytes.length)
      if (isPaged(bytes) && position % PAGE_BYTES === 0 && bytes.length % PAGE_BYTES === 0)
        tally.paged += bytes.length
      await sleep(Math.random() * 4)
      if (disk === 'full') throw new Error('disk full')
      bytes.copy(content, position)
    },
  } as unknown as PartFile
  return { part, content, writes, tally }
}

/** Puts `bytes` into the space, as a connection would, and says what was put there. */
function intoSpace(writer: BlockWriter, bytes: Buffer): Buffer {
  const space = writer.reserve()
  const count = bytes.copy(space, 0)
  return space.subarray(0, count)
}

const OPTIONS = {
  batch: BUFFER_BYTES,
  backlog: 4 * BUFFER_BYTES,
  journalBacklog: () => null,
  onWritten: () => undefined,
}

t.test('bytes that come while a writer is flushed are written, too', async (t) => {
  const source = randomBytes(100_000)
  const { part, content } = slowPart(source.length)
  const writer = new BlockWriter(part, 0, OPTIONS)
  await writer.push(source.subarray(0, 50_000))
  const flushed = writer.flush()
  await writer.push(source.subarray(50_000))
  await flushed
  sameBytes(t, content, source)
  t.equal(writer.block.end, source.length)
})

t.test('several writers at once write bytes from their reserved space and from other memory', async (t) => {
  for (let round = 0; round < 8; round++) {
    const source = randomBytes(24 * MIB)
    const { part, content } = slowPart(source.length)
    const share = source.length / 6
    const batch = round % 2 === 0 ? BUFFER_BYTES : 1 + Math.floor(Math.random() * BUFFER_BYTES)
    const one = async (start: number): Promise<BlockWriter> => {
      const writer = new BlockWriter(part, start, { ...OPTIONS, batch })
      for (let at = start; at < start + share; ) {
        const want = Math.ceil(Math.random() ** 3 * 400_000)
        const bytes = source.subarray(at, Math.min(start + share, at + want))
        const taken = Math.random() < 0.7 ? intoSpace(writer, bytes) : Buffer.from(bytes)
        at += taken.length
        await writer.push(taken)
        if (Math.random() < 0.1) await sleep(Math.random() * 5)
      }
      await writer.flush()
      return writer
    }
    const writers = await Promise.all(Array.from({ length: 6 }, (_, index) => one(index * share)))
    sameBytes(t, content, source, `round ${round}: no byte mixed, lost or moved`)
    for (const { block } of writers) {
      const { start, end, crc } = block
      t.strictSame([end - start, crc], [share, crc32(source.subarray(start, end))])
    }
  }
})

t.test('a chunk from the middle of the reserved space is written', async (t) => {
  const source = randomBytes(2000)
  const { part, content } = slowPart(1000)
  const writer = new BlockWriter(part, 0, OPTIONS)
  const space = writer.reserve()
  source.copy(space)
  void writer.push(space.subarray(500, 1500))
  await writer.flush()
  sameBytes(t, content, source.subarray(500, 1500))
})

t.test('bytes in the reserved space are written in time, and the space stays valid', async (t) => {
  const source = randomBytes(1000)
  const { part, content, writes } = slowPart(1000)
  const writer = new BlockWriter(part, 0, OPTIONS)
  void writer.push(intoSpace(writer, source.subarray(0, 400)))
  const space = writer.reserve()
  while (writer.block.end < 400) await sleep(10)
  t.strictSame(writes, [400], 'without a further byte')
  source.copy(space, 0, 400, 1000) // the connection still reads into the space that it got
  void writer.push(space.subarray(0, 600))
  await writer.flush()
  sameBytes(t, content, source)
  t.strictSame(writes, [400, 600])
})

t.test('whole pages are written, at every start of a block', async (t) => {
  // Bytes that have waited for long are written as they are. On a slow machine that could happen here.
  t.intercept(globalThis, 'setTimeout', { value: () => 0 })
  for (const start of [0, 1, PAGE_BYTES - 1, PAGE_BYTES, 3 * PAGE_BYTES + 77]) {
    const source = randomBytes(start + 12 * MIB + 99)
    const { part, content, tally } = slowPart(source.length)
    const writer = new BlockWriter(part, start, OPTIONS)
    for (let at = start; at < source.length; ) {
      const taken = intoSpace(writer, source.subarray(at, at + 61_234))
      at += taken.length
      await writer.push(taken)
    }
    await writer.flush()
    sameBytes(t, content.subarray(start), source.subarray(start))
    const edges = start % PAGE_BYTES === 0 ? 1 : 2 // the last write ends anywhere, the first may begin anywhere
    t.ok(tally.paged >= 12 * MIB - edges * BUFFER_BYTES, `from ${start}: ${tally.paged} bytes in whole pages`)
  }
})

t.test('a partial page that moves to the next buffer is written in time', async (t) => {
  const source = randomBytes(BUFFER_BYTES - 5)
  const { part, content } = slowPart(source.length)
  const writer = new BlockWriter(part, 0, OPTIONS)
  void writer.push(intoSpace(writer, source))
  writer.reserve()
  while (writer.block.end < source.length) await sleep(10)
  sameBytes(t, content, source)
})

t.test('bytes that are already written do not move to the next buffer', async (t) => {
  const source = randomBytes(2 * BUFFER_BYTES)
  const { part, content } = slowPart(source.length)
  const writer = new BlockWriter(part, 0, OPTIONS)
  void writer.push(intoSpace(writer, source.subarray(0, BUFFER_BYTES - 3000)))
  while (writer.block.end < BUFFER_BYTES - 3000) await sleep(10)
  for (const at of [BUFFER_BYTES - 3000, BUFFER_BYTES - 2500]) {
    void writer.push(Buffer.from(source.subarray(at, at + 500)))
    writer.reserve()
  }
  void writer.push(source.subarray(BUFFER_BYTES - 2000))
  await writer.flush()
  sameBytes(t, content, source)
  t.strictSame(writer.block, { start: 0, end: source.length, crc: crc32(source) })
})

t.test('the reserved space is never too small for a read', async (t) => {
  const { part } = slowPart(4 * MIB)
  const writer = new BlockWriter(part, 0, OPTIONS)
  for (let done = 0; done < 2 * MIB; ) {
    const space = writer.reserve()
    t.ok(space.length >= BUFFER_BYTES / 8)
    const bytes = space.subarray(0, Math.min(space.length, 100_000))
    await writer.push(bytes)
    done += bytes.length
  }
  await writer.flush()
})

t.test('after a failure nothing is written, and no other writer gets the reserved space', async (t) => {
  const { part, writes } = slowPart(8 * MIB, 'full')
  const writer = new BlockWriter(part, 0, { ...OPTIONS, batch: 64 * 1024 })
  const bytes = Buffer.alloc(64 * 1024)
  void writer.push(intoSpace(writer, bytes))
  const space = writer.reserve()
  while (writer.failure === null) await sleep(5)
  const begun = writes.length
  const others = Array.from({ length: 40 }, () => new BlockWriter(part, MIB, OPTIONS))
  for (const other of others) t.not(other.reserve().buffer, space.buffer)
  void writer.push(intoSpace(writer, bytes))
  await t.rejects(writer.flush(), { message: 'disk full' })
  t.equal(writes.length, begun)
  for (const other of others) await other.flush()
})

t.test('with much memory in use, writers get small buffers, and none waits for ever', async (t) => {
  const { part } = slowPart(64 * MIB)
  const writers = Array.from({ length: 40 }, (_, index) => new BlockWriter(part, index * MIB, OPTIONS))
  for (const writer of writers) writer.reserve()
  t.ok(nextBufferSize() < BUFFER_BYTES)
  // More bytes than may wait now, but less than the larger buffer from before: no write begins.
  const waits = writers.map((writer) => writer.push(Buffer.alloc(700_000)))
  await Promise.all(waits)
  await Promise.all(writers.map((writer) => writer.flush()))
  t.equal(nextBufferSize(), BUFFER_BYTES, 'and gives it back')
})
