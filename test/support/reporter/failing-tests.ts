// Run by run-report.test.ts: tests that fail in every way.
import t from 'tap'

const CONTENT = Buffer.alloc(256 * 1024, 1)
const OTHER = Buffer.from(CONTENT)
OTHER[70_000] = 9

t.test('a table', async (t) => {
  for (const [name, got] of Object.entries({ one: [1, 2, 3], two: [1, 2, 4], three: [1, 2, 3] }))
    t.strictSame(got, [1, 2, 3], name)
})

t.test('bytes', async (t) => {
  t.strictSame(OTHER, CONTENT, 'one byte')
  t.ok(OTHER.equals(CONTENT), 'no diff')
  t.strictSame(OTHER.subarray(0, 5), CONTENT, 'a short one')
})

t.test('an oracle', async (t) => {
  t.test('by examples', async () => {
    throw new Error('whole for 0-4')
  })
})

t.test('a long string', async (t) => {
  t.equal(`${'a'.repeat(5000)}b`, `${'a'.repeat(5000)}c`)
})

t.test('too slow', { timeout: 1 }, () => new Promise((resolve) => setTimeout(resolve, 60_000).unref()))

t.test('not here', { skip: 'no such program' }, async () => undefined)
