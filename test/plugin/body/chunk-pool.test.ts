import t from 'tap'
import { ChunkPool } from '#plugin/body/chunk-pool.js'

const BYTES = 1024
const options = { chunkBytes: BYTES, inUse: 4, overdue: 2 }

t.test('a chunk that is given back leaves no byte in any old view of it', async (t) => {
  const pool = new ChunkPool(options)
  const chunk = pool.take()
  const bytes = chunk?.bytes.fill('a') ?? Buffer.alloc(0)
  const kept = [bytes, bytes.subarray(10, 20), new Uint8Array(bytes.buffer)]
  t.strictSame(
    kept.map((view) => view.length),
    [BYTES, 10, BYTES],
  )
  chunk?.giveBack()
  t.strictSame(
    kept.map((view) => view.length),
    [0, 0, 0],
  )
  const next = pool.take()
  next?.bytes.fill('b')
  t.equal(next?.bytes.length, BYTES)
  t.strictSame(
    kept.map((view) => view.length),
    [0, 0, 0],
  )
})

t.test('a chunk that is written off keeps its bytes and is not used again', async (t) => {
  const pool = new ChunkPool(options)
  const chunk = pool.take()
  chunk?.bytes.fill('a')
  chunk?.writeOff()
  chunk?.giveBack()
  t.equal(pool.free, 4)
  for (let count = 0; count < 4; count++) pool.take()?.bytes.fill('b')
  t.ok(chunk?.bytes.every((byte) => byte === 0x61))
})

t.test('a chunk whose memory was transferred is replaced', async (t) => {
  const pool = new ChunkPool({ ...options, inUse: 1 })
  const chunk = pool.take()
  const memory = chunk?.bytes.buffer as ArrayBuffer
  structuredClone(memory, { transfer: [memory] })
  t.doesNotThrow(() => chunk?.giveBack())
  t.equal(pool.take()?.bytes.length, BYTES)
})

t.test('a chunk can be given back only once', async (t) => {
  const pool = new ChunkPool(options)
  const [first] = [pool.take(), pool.take()]
  for (const end of ['giveBack', 'giveBack', 'writeOff'] as const) first?.[end]()
  t.equal(pool.free, 3)
})

t.test('chunks that are overdue are replaced, up to the limit of overdue chunks', async (t) => {
  const pool = new ChunkPool(options)
  const chunks = Array.from({ length: 4 }, () => pool.take())
  t.equal(pool.take(), undefined, 'all chunks are in use')
  while (pool.free < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(pool.overdue, 2)
  t.ok(pool.take())
  t.ok(pool.take())
  await new Promise((resolve) => setTimeout(resolve, 400))
  t.equal(pool.take(), undefined, 'the limit is reached')
  for (const chunk of chunks) chunk?.giveBack()
  t.equal(pool.overdue, 0)
  t.equal(pool.free, 4, 'the two that are still in use are overdue')
  t.equal(pool.overdue, 2)
})
