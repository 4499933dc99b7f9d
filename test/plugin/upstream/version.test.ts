import t from 'tap'
import { isSameVersion, pinOf, versionOf } from '#plugin/upstream/version.js'

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'

function version(fields: Readonly<Record<string, string>>, size = 10) {
  return versionOf({ status: 200, fields, receivedAt: 1_800_000_000 }, size)
}

for (const [name, fields, pin] of [
  ['a strong tag', { etag: '"a"' }, { 'if-match': '"a"' }],
  ['a strong tag and a date', { etag: '"a"', 'last-modified': DATE, date: DATE }, { 'if-match': '"a"' }],
  ['a weak tag', { etag: 'W/"a"' }, undefined],
  ['an unquoted tag', { etag: 'a' }, undefined],
  [
    'a weak tag and a strong date',
    { etag: 'W/"a"', 'last-modified': DATE, date: 'Sun, 06 Nov 1994 08:50:37 GMT' },
    { 'if-unmodified-since': DATE },
  ],
  [
    'a date of less than a minute',
    { 'last-modified': DATE, date: 'Sun, 06 Nov 1994 08:50:36 GMT' },
    undefined,
  ],
  ['a date without the time of the answer', { 'last-modified': DATE }, undefined],
  ['an invalid date', { 'last-modified': 'yesterday', date: DATE }, undefined],
  ['nothing', {}, undefined],
] as const) {
  t.test(`an answer with ${name} is pinned by ${JSON.stringify(pin)}`, async (t) => {
    t.strictSame(pinOf(version(fields)), pin)
  })
}

t.test('a date can get another version while its second is not over', async (t) => {
  const strengths = ['08:49:37', '08:49:38', '08:50:37'].map(
    (time) => version({ 'last-modified': DATE, date: `Sun, 06 Nov 1994 ${time} GMT` }).dateStrength,
  )
  t.strictSame(strengths, ['open', 'weak', 'strong'])
})

t.test('answers are of one version if size, tag, date and coding are the same', async (t) => {
  const fields = { etag: 'W/"a"', 'last-modified': DATE, 'content-encoding': 'gzip' }
  const one = version(fields)
  t.ok(isSameVersion(one, version({ ...fields, date: DATE, 'x-amz-version-id': 'x' })))
  t.notOk(isSameVersion(one, version(fields, 11)))
  for (const name of Object.keys(fields))
    t.notOk(isSameVersion(one, version({ ...fields, [name]: name === 'etag' ? 'W/"b"' : 'br' })), name)
})

t.test('with a strong tag, the date does not matter', async (t) => {
  const fields = { etag: '"a"', 'last-modified': DATE, 'content-encoding': 'gzip' }
  const one = version(fields)
  t.ok(isSameVersion(one, version({ ...fields, 'last-modified': 'Sun, 06 Nov 1994 08:49:38 GMT' })))
  t.ok(isSameVersion(one, version({ etag: '"a"', 'content-encoding': 'gzip' })))
  t.notOk(isSameVersion(one, version(fields, 11)))
  t.notOk(isSameVersion(one, version({ ...fields, etag: '"b"' })))
  t.notOk(isSameVersion(one, version({ ...fields, 'content-encoding': 'br' })))
})

t.test('the id of a version is that of a bucket that keeps versions', async (t) => {
  t.equal(version({ 'x-amz-version-id': 'x' }).id, 'x')
  t.equal(version({ 'x-amz-version-id': 'null' }).id, undefined)
})
