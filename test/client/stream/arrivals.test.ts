// Which bytes of a file have come for an output.
import t from 'tap'
import { Arrivals } from '#client/stream/arrivals.js'
import { BodyWriter } from '#client/stream/body-writer.js'

const place = { roomEnd: 100, worthwhile: 1, underWay: 0, put: () => null, onStored: () => undefined }

/** A body with `bytes` from `start` on. */
function body(arrivals: Arrivals, start: number, bytes: number): BodyWriter {
  const writer = new BodyWriter(start, place)
  arrivals.add(writer)
  void writer.push(Buffer.alloc(bytes))
  return writer
}

t.test('the frontier is the first byte that is missing', async (t) => {
  const arrivals = new Arrivals(() => 0)
  const ahead = body(arrivals, 20, 10)
  t.equal(arrivals.frontier, 0)
  body(arrivals, 0, 5)
  t.equal(arrivals.frontier, 5)
  body(arrivals, 5, 15)
  t.equal(arrivals.frontier, 30)
  arrivals.end(ahead, 'drop')
  t.equal(arrivals.frontier, 20)
  t.strictSame(arrivals.blocks, [{ start: 0, end: 20 }])
})

t.test('bytes that a digest has yet to prove have come, but are not given to the output', async (t) => {
  const arrivals = new Arrivals(() => 0)
  const writer = body(arrivals, 0, 5)
  arrivals.markUnproven(writer)
  t.equal(arrivals.isProven(writer), false)
  t.equal(arrivals.frontier, 0)
  t.strictSame(arrivals.blocks, [{ start: 0, end: 5 }])
  arrivals.end(writer, 'keep')
  t.equal(arrivals.frontier, 5)
})

t.test('an ended body whose last bytes wait for room has come, and counts when they have room', async (t) => {
  const arrivals = new Arrivals(() => 0)
  const writer = body(arrivals, 90, 20)
  arrivals.end(writer, 'keep')
  t.strictSame(arrivals.blocks, [{ start: 90, end: 110 }])
  t.strictSame(arrivals.writers, [writer])
  place.roomEnd = 200
  writer.useRoom()
  arrivals.settle()
  t.strictSame(arrivals.writers, [])
  t.strictSame(arrivals.blocks, [{ start: 90, end: 110 }])
  place.roomEnd = 100
})

t.test('blocks are joined where they touch, and stay apart where they do not', async (t) => {
  const arrivals = new Arrivals(() => 0)
  for (const [start, bytes] of [
    [40, 5],
    [0, 5],
    [20, 5],
    [25, 15],
  ] as const)
    arrivals.end(body(arrivals, start, bytes), 'keep')
  t.strictSame(arrivals.blocks, [
    { start: 0, end: 5 },
    { start: 20, end: 45 },
  ])
  arrivals.end(body(arrivals, 50, 0), 'keep')
  t.equal(arrivals.blocks.length, 2, 'an empty body is no block')
  arrivals.reset()
  t.strictSame(arrivals.blocks, [])
})

t.test('what the output was given has come, even if its body is dropped', async (t) => {
  let given = 0
  const arrivals = new Arrivals(() => given)
  const writer = body(arrivals, 0, 20)
  given = 8
  arrivals.end(writer, 'drop')
  t.strictSame(arrivals.blocks, [{ start: 0, end: 8 }])
  t.equal(arrivals.frontier, 8)
  body(arrivals, 8, 4)
  t.equal(arrivals.frontier, 12)
  t.strictSame(arrivals.blocks, [{ start: 0, end: 12 }])
})
