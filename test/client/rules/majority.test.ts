import t from 'tap'
import { outvoted, samplesOf } from '#client/rules/majority.js'

const votes: readonly (readonly [digests: string, expected: readonly number[] | 'tie'])[] = [
  ['', []],
  ['a', []],
  ['aaa', []],
  ['ab', 'tie'],
  ['aab', [2]],
  ['baa', [0]],
  ['aabc', [2, 3]],
  ['abc', 'tie'],
  ['aabb', 'tie'],
  ['aabbb', [0, 1]],
  ['abb', [0]],
]

for (const [digests, expected] of votes)
  t.test(`the votes ${digests || 'of nobody'}`, async (t) => {
    t.strictSame(outvoted([...digests].map((digest, voter) => ({ voter, digest }))), expected)
  })

t.test('samples lie in the file, in order, and differ from shift to shift', async (t) => {
  for (const total of [1, 5, 1000, 123_456_789])
    for (const shift of [0, 0.5, 0.999_999]) {
      const samples = samplesOf(total, { count: 16, bytes: 100, shift })
      t.equal(samples.length, 16)
      for (const { start, end } of samples)
        t.ok(start >= 0 && start < end && end <= total && end - start <= 100)
      t.strictSame(
        samples,
        samples.toSorted((a, b) => a.start - b.start),
      )
    }
  t.strictSame(samplesOf(1600, { count: 2, bytes: 10, shift: 0.25 }), [
    { start: 200, end: 210 },
    { start: 1000, end: 1010 },
  ])
  t.strictSame(samplesOf(8, { count: 1, bytes: 10, shift: 0.5 }), [{ start: 4, end: 8 }])
})
