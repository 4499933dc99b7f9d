import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { addBlock, type Block, gaps, largestRest, nextSegment, size } from '#client/state/plan.js'

t.test('blocks and gaps make up the whole, in any order (random pieces)', async (t) => {
  const content = Buffer.from(Array.from({ length: 200 }, (_, i) => i))
  const block = (start: number, end: number): Block => ({
    start,
    end,
    crc: crc32(content.subarray(start, end)),
  })
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 30 })
  fc.assert(
    fc.property(cuts, fc.infiniteStream(fc.boolean()), (positions, keep) => {
      const edges = [0, ...positions, 200].sort((a, b) => a - b)
      const pieces = edges.slice(1).map((end, i) => block(edges[i] ?? 0, end))
      const kept = pieces.filter(() => keep.next().value).sort((a, b) => (a.crc % 7) - (b.crc % 7))
      const blocks = kept.reduce<Block[]>((all, piece) => addBlock(all, piece), [])
      const missing = gaps(blocks, 200)
      t.equal(size(blocks) + size(missing), 200)
      for (const each of blocks) if (each.crc !== block(each.start, each.end).crc) return false
      return size(blocks) === size(kept)
    }),
    { numRuns: 200 },
  )
  t.strictSame(gaps([], 0), [])
  t.strictSame(gaps([{ start: 0, end: 300 }], 200), [], 'beyond the end')
})

t.test('a segment stays within its gap and its share, and the largest remainder is cut in two', async (t) => {
  const free = [
    { start: 10, end: 12 },
    { start: 20, end: 100 },
  ]
  const policy = { segmentSize: 4, connections: 1, share: 0, limit: Number.POSITIVE_INFINITY }
  t.strictSame(nextSegment(free, policy), { start: 10, end: 12 }, 'never beyond a gap')
  t.strictSame(nextSegment(free.slice(1), policy), { start: 20, end: 24 })
  t.equal(nextSegment([], policy), null)
  const large = [{ start: 0, end: 4e9 }]
  const automatic = { segmentSize: null, connections: 8, share: 16e6, limit: Number.POSITIVE_INFINITY }
  t.equal(nextSegment(large, automatic)?.end, 16e6, 'its share')
  t.equal(nextSegment(large, { ...automatic, share: 2e9 })?.end, 1024 ** 3, 'but not without bound')
  t.equal(nextSegment(large, { ...automatic, connections: 1 })?.end, 4e9, 'one connection: all of it')
  t.equal(largestRest([]), null)
  const lease = { start: 0, position: 1_000_000, end: 9_000_000 }
  t.equal(largestRest([lease, { start: 0, position: 0, end: 5_000_000 }])?.at, 5_000_000)
  t.equal(largestRest([{ start: 0, position: 0, end: 1000 }]), null, 'not worth a connection')
})
