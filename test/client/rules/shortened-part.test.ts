// What a shortened part says about the file, and whether it counts for a later answer.
import t from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import { shortenedVersion, sizeByPart } from '#client/rules/shortened-part.js'

const DATE = 'Tue, 01 Jan 2019 00:00:00 GMT'
const PART = ['Content-Range', 'bytes 2-5/10', 'Content-Length', '3']

t.test('a part that is shorter than its Content-Range says the size of the file', async (t) => {
  for (const status of [200, 203, 206])
    t.match(shortenedVersion(status, fieldLines([...PART, 'ETag', '"a"'])), { total: 10, etag: '"a"' })
  for (const status of [201, 204, 404, 416, 500]) t.equal(shortenedVersion(status, fieldLines(PART)), null)
})

t.test('nothing else says it', async (t) => {
  for (const range of ['bytes 2-5/*', 'bytes */10', 'bytes 2-10/10', 'bytes=2-5/10'])
    t.equal(shortenedVersion(206, fieldLines(['Content-Range', range, 'Content-Length', '3'])), null, range)
  for (const length of ['4', '5', 'x'])
    t.equal(shortenedVersion(206, fieldLines([...PART.slice(0, 2), 'Content-Length', length])), null, length)
  t.equal(shortenedVersion(206, fieldLines(PART.slice(0, 2))), null, 'no length')
  t.equal(shortenedVersion(206, fieldLines(PART.slice(2))), null, 'no range')
})

const sizeFor = (part: readonly string[], answer: readonly string[]): number | null =>
  sizeByPart(shortenedVersion(206, fieldLines([...PART, ...part])), fieldLines(answer))

t.test('it counts for an answer that is not shown to be of another version', async (t) => {
  t.equal(sizeByPart(null, fieldLines([])), null)
  t.equal(sizeFor([], []), 10)
  t.equal(sizeFor(['ETag', '"a"'], ['ETag', '"a"', 'Content-Length', '5']), 10)
  t.equal(sizeFor(['ETag', 'W/"a"'], ['ETag', 'W/"a"']), 10)
  t.equal(sizeFor(['ETag', '"a"'], []), 10, 'a proxy may remove fields')
  t.equal(sizeFor(['Last-Modified', DATE], ['Last-Modified', DATE]), 10)
})

t.test('it does not count for another version', async (t) => {
  t.equal(sizeFor(['ETag', '"a"'], ['ETag', '"b"']), null)
  t.equal(sizeFor(['Last-Modified', DATE], ['Last-Modified', DATE.replace('2019', '2020')]), null)
})
