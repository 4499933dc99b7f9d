import t from 'tap'
import { CompactRanges } from '#plugin/rules/packed-ranges.js'
import type { ByteRange } from '#plugin/rules/range-set.js'

const MOST = Number.MAX_SAFE_INTEGER

/** A reproducible generator: multiplicative congruential, modulus 2^31 - 1. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return Math.floor((state / 2_147_483_647) * below)
  }
}

function readBack(ranges: readonly ByteRange[]): ByteRange[] {
  const compact = new CompactRanges(ranges)
  return Array.from({ length: compact.count }, (_, index) => compact.at(index))
}

const EDGES = [0, 1, 255, 256, 65_535, 65_536, 2 ** 24, 2 ** 32 - 1, 2 ** 32, 2 ** 48, MOST - 1, MOST]

t.test('ranges come back as they were, at each edge of a width', async (t) => {
  for (const first of EDGES) {
    for (const last of EDGES.filter((edge) => edge >= first)) {
      t.strictSame(readBack([{ first, last }]), [{ first, last }])
    }
  }
})

t.test('ranges keep their order, also where they overlap or go backwards', async (t) => {
  const ranges = [
    { first: 500, last: 70_000 },
    { first: 0, last: 0 },
    { first: 400, last: 600 },
    { first: MOST, last: MOST },
  ]
  t.strictSame(readBack(ranges), ranges)
})

t.test('random ranges come back as they were', async (t) => {
  const below = generator(20_101)
  for (let round = 0; round < 200; round++) {
    const size = 2 ** (1 + below(53)) - 1
    const ranges = Array.from({ length: 1 + below(50) }, () => {
      const first = below(size)
      return { first, last: first + below(size - first) }
    })
    t.strictSame(readBack(ranges), ranges)
  }
})

t.test('a list of no ranges has the count 0', async (t) => {
  t.equal(new CompactRanges([]).count, 0)
})
