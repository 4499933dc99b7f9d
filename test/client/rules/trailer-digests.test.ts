import { createHash } from 'node:crypto'
import t from 'tap'
import { announcesContentDigest, canHaveTrailers, trailerDigests } from '#client/rules/trailer-digests.js'

const DIGEST = createHash('sha256').update('x').digest('base64')

t.test('the digests of trailers are read, and no other field', async (t) => {
  const trailers = new Map([
    ['content-digest', [`sha-256=:${DIGEST}:`]],
    ['repr-digest', ['md5=:AAAA:', `sha-256=:${DIGEST}:`]],
    ['digest', [`sha-256=${DIGEST}`]],
    ['etag', ['"a"']],
  ])
  t.strictSame(trailerDigests(trailers), {
    content: { 'sha-256': DIGEST },
    repr: { 'sha-256': DIGEST },
    older: [['sha-256', DIGEST]],
  })
  t.strictSame(trailerDigests(new Map()), { content: {}, repr: {}, older: [] })
})

for (const [trailer, coding, expected] of [
  ['Content-Digest', 'chunked', true],
  ['X-Other,\tcontent-digest , X-More', 'chunked', true],
  ['X-Content-Digest', 'chunked', false],
  ['Content-Digest-X', 'chunked', false],
  [null, 'chunked', false],
  ['Content-Digest', null, false],
] as const) {
  const name = expected ? 'announces' : 'does not announce'
  t.test(`a head ${name} a Content-Digest (Trailer: ${trailer}, Transfer-Encoding: ${coding})`, async (t) => {
    const fields = new Map<string, string[]>()
    if (trailer !== null) fields.set('trailer', [trailer])
    if (coding !== null) fields.set('transfer-encoding', [coding])
    t.equal(announcesContentDigest(fields), expected)
    t.equal(canHaveTrailers(fields), coding !== null)
  })
}
