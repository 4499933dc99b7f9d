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

t.test('samples lie in the file, in order, and differ from turn to turn', async (t) => {
  for (const total of [1, 5, 1000, 123_456_789]) {
    for (const turn of [0, 1, 2]) {
      const samples = samplesOf(total, { count: 16, bytes: 100, turn })
      t.equal(samples.length, 16)
      for (const { start, end } of samples)
        t.ok(start >= 0 && start < end && end <= total && end - start <= 100)
      t.strictSame(
        samples,
        samples.toSorted((a, b) => a.start - b.start),
      )
    }
  }
  t.strictSame(samplesOf(1600, { count: 2, bytes: 10, turn: 0 }), [
    { start: 494, end: 504 },
    { start: 1294, end: 1304 },
  ])
  t.strictSame(samplesOf(1600, { count: 2, bytes: 10, turn: 1 })[0], { start: 188, end: 198 })
})
