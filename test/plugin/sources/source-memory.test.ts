import type { PositionalRepresentation, RangeSource } from 'fastify-send-range'
import t from 'tap'
import { SourceChunks } from '#plugin/sources/source-chunks.js'
import { SourceReads } from '#plugin/sources/source-reads.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { serve } from '../support/serve.ts'

const { signal } = new AbortController()
const CONTENT = numberedLines(200_000)

type ReadAt = PositionalRepresentation['readAt']

t.test('a source reads into memory of its own, which is all zeros', async (t) => {
  const seen: Uint8Array[] = []
  const reads = new SourceReads(async (memory) => {
    seen.push(memory as Uint8Array)
    return 4
  })
  const pool = Buffer.alloc(64, 'x')
  t.equal(await reads.readAt(pool.subarray(8, 12), 0, signal), 4)
  t.equal(seen[0]?.buffer.byteLength, 4, 'the other bytes around the target are out of reach')
  t.equal(pool.toString('latin1'), `${'x'.repeat(8)}\0\0\0\0${'x'.repeat(52)}`, 'what was not read is zero')
  seen[0]?.fill(7)
  t.equal(pool[8], 0, 'what is written later does not arrive')
})

t.test('short reads continue in the same memory', async (t) => {
  const buffers = new Set<unknown>()
  const reads = new SourceReads(async (memory, position) => {
    const target = memory as Uint8Array
    buffers.add(target.buffer)
    target.set(CONTENT.subarray(Number(position), Number(position) + 3).subarray(0, target.length))
    return Math.min(3, target.length)
  })
  const target = Buffer.alloc(1000)
  for (let at = 0; at < target.length; ) at += await reads.readAt(target.subarray(at), at + 50, signal)
  sameBytes(t, target, CONTENT.subarray(50, 1050))
  t.equal(buffers.size, 1)
})

t.test('a read that ends after the answer is over writes nothing', async (t) => {
  const controller = new AbortController()
  const reads = new SourceReads(async (memory) => {
    ;(memory as Uint8Array).fill(7)
    controller.abort()
    return 4
  })
  const target = Buffer.alloc(4)
  await reads.readAt(target, 0, controller.signal)
  t.equal(target[0], 0)
})

t.test('an impossible count is returned as it is, and no byte is copied', async (t) => {
  for (const count of [0, -1, 5, Number.NaN, Number.POSITIVE_INFINITY, '4', undefined]) {
    const reads = new SourceReads(async (memory) => {
      ;(memory as Uint8Array).fill(7)
      return count
    })
    const target = Buffer.alloc(4)
    t.same(await reads.readAt(target, 0, signal), count)
    t.equal(target[0], 0, String(count))
  }
})

function source(readAt: ReadAt): RangeSource {
  return { open: () => ({ size: CONTENT.length, etag: '"v1"', readAt, close() {} }) }
}

t.test('a source that transfers its target is a coded error, and the process goes on', async (t) => {
  const { port, errors } = await serve(t, {
    plugin: {
      source: source(async ({ buffer, length }) => {
        structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
        return length
      }),
    },
  })
  for (const range of ['bytes=0-9', 'bytes=0-9999', 'bytes=0-', 'bytes=0-9,50-59']) {
    const answer = await fetch(`http://127.0.0.1:${port}/x`, { headers: { range } })
    t.equal(answer.status, 500, range)
    await answer.arrayBuffer()
  }
  t.equal(errors().length, 4)
  for (const line of errors()) t.equal(line.err?.code, 'ERR_RANGE_SOURCE')
})

t.test('a chunk is copied before the source is asked for the next one', async (t) => {
  const memory = Buffer.alloc(150_000, 'a')
  const chunks = new SourceChunks(function* () {
    yield memory
    memory.fill('b')
    yield memory.subarray(0, 10)
  }, 150_010)
  const got: Uint8Array[] = []
  for await (const chunk of chunks) got.push(chunk)
  t.strictSame(
    got.map(({ length }) => length),
    [65_536, 65_536, 18_928, 10],
  )
  t.equal(Buffer.concat(got).toString(), 'a'.repeat(150_000) + 'b'.repeat(10))
  for (const chunk of got) {
    t.not(chunk.buffer, memory.buffer)
    t.equal(chunk.buffer.byteLength, chunk.length)
  }
})

t.test('a chunk of shared memory is copied too', async (t) => {
  const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7)
  const { value } = await new SourceChunks(() => [shared], 2).next()
  shared.fill(8)
  t.strictSame([...(value ?? [])], [7, 7])
  t.ok(value?.buffer instanceof ArrayBuffer)
})

t.test('a source that reads each chunk into the same Buffer gives the right answer', async (t) => {
  const buffer = Buffer.alloc(10_000)
  const { port } = await serve(t, {
    plugin: {
      source: {
        open: () => ({
          size: CONTENT.length,
          etag: '"v1"',
          async *read({ first, last }) {
            for (let at = first; at <= last; at += buffer.length) {
              const count = Math.min(buffer.length, last - at + 1)
              CONTENT.copy(buffer, 0, at, at + count)
              yield buffer.subarray(0, count)
            }
          },
          close() {},
        }),
      },
    },
  })
  const answer = await fetch(`http://127.0.0.1:${port}/x`)
  sameBytes(t, Buffer.from(await answer.arrayBuffer()), CONTENT)
})

t.test('a source that changes the range object that it received does not change the answer', async (t) => {
  const counted = (range: { first: number; last: number }): void => {
    range.first += 5
    range.last = 0
  }
  const sources: Readonly<Record<string, RangeSource>> = {
    read: {
      open: () => ({
        size: CONTENT.length,
        etag: '"v1"',
        *read(range) {
          const { first, last } = range
          counted(range)
          yield CONTENT.subarray(first, last + 1)
        },
        close() {},
      }),
    },
    cached: {
      open: () => ({
        size: CONTENT.length,
        etag: '"v1"',
        async readAt(target, position) {
          return CONTENT.copy(target, 0, position)
        },
        cached: (range) => counted(range) as undefined,
        offerToCache: counted,
        close() {},
      }),
    },
  }
  for (const [name, source] of Object.entries(sources)) {
    const { port } = await serve(t, { plugin: { source } })
    for (const range of ['bytes=10-99', 'bytes=10-99,200-299', 'bytes=10-99999']) {
      const answer = await fetch(`http://127.0.0.1:${port}/x`, { headers: { range } })
      t.equal(answer.status, 206, `${name}, ${range}`)
      const body = Buffer.from(await answer.arrayBuffer())
      if (range.includes(',')) continue
      const last = Number(range.split('-')[1])
      t.equal(answer.headers.get('content-range'), `bytes 10-${last}/${CONTENT.length}`)
      sameBytes(t, body, CONTENT.subarray(10, last + 1))
    }
  }
})
