import t from 'tap'
import { MAX_GAP_BYTES, SMALL_CHUNK_BYTES } from '#plugin/memory-bounds.js'
import { groupNearby, isNearbyReader, type Read, targetsWithGaps } from '#plugin/sources/grouped-reads.js'

const read = (position: number, length: number): Read => ({ target: new Uint8Array(length), position })
const GAP = MAX_GAP_BYTES
const SPAN = SMALL_CHUNK_BYTES

t.test('reads that follow each other closely are one group', async (t) => {
  const rows: { name: string; reads: Read[]; groups: number[] }[] = [
    { name: 'no read', reads: [], groups: [] },
    { name: 'one', reads: [read(7, 3)], groups: [1] },
    { name: 'nothing between', reads: [read(0, 5), read(5, 5)], groups: [2] },
    { name: 'the widest gap', reads: [read(0, 5), read(5 + GAP, 5)], groups: [2] },
    { name: 'a byte more between', reads: [read(0, 5), read(6 + GAP, 5)], groups: [1, 1] },
    { name: 'one that goes back', reads: [read(100, 5), read(0, 5)], groups: [1, 1] },
    { name: 'one that overlaps', reads: [read(0, 5), read(4, 5)], groups: [1, 1] },
    { name: 'the longest stretch', reads: [read(9, SPAN - 2), read(9 + SPAN - 1, 1)], groups: [2] },
    { name: 'a byte longer', reads: [read(9, SPAN - 1), read(9 + SPAN, 1)], groups: [1, 1] },
    {
      name: 'more than the system takes at a time',
      reads: Array.from({ length: 1200 }, (_, index) => read(2 * index, 1)),
      groups: [500, 500, 200],
    },
  ]
  for (const { name, reads, groups } of rows) {
    const grouped = groupNearby(reads)
    t.strictSame(
      grouped.map(({ length }) => length),
      groups,
      name,
    )
    t.strictSame(grouped.flat(), reads, `${name}: in the order given`)
  }
})

t.test(
  'the targets of a group are one part of the file, with a target for the bytes between them',
  async (t) => {
    const reads = [read(10, 5), read(15, 5), read(30, 1), read(31 + GAP, 2)]
    const targets = targetsWithGaps(reads)
    t.strictSame(
      targets.map(({ length }) => length),
      [5, 5, 10, 1, GAP, 2],
    )
    for (const { target } of reads) t.ok(targets.includes(target))
    t.strictSame(targetsWithGaps([]), [])
  },
)

t.test('a representation with readNearby can read several places with one call', async (t) => {
  const single = { size: 1, readAt: async () => 0, close() {} }
  const several = { ...single, readNearby: async () => true }
  t.equal(isNearbyReader(single), false)
  t.equal(isNearbyReader(several), true)
})
