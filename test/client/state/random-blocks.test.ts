import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { addBlock, type Block, byteCount, gaps } from '#client/state/blocks.js'

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
      t.equal(byteCount(blocks) + byteCount(missing), 200)
      for (const each of blocks) if (each.crc !== block(each.start, each.end).crc) return false
      return byteCount(blocks) === byteCount(kept)
    }),
    { numRuns: 200 },
  )
  t.strictSame(gaps([], 0), [])
  t.strictSame(gaps([{ start: 0, end: 300 }], 200), [], 'beyond the end')
})
