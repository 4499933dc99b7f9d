import t from 'tap'
import { type LinkedFile, linkedFile, NOTHING_LINKED, withoutOwn } from '#client/rules/linked-file.js'

const HEX = '15f907e6b6bcd972b9877672fae93d76f69b7e84f7d1821e23eee37364973036'
const SHA256 = Buffer.from(HEX, 'hex').toString('base64')
const OTHER = Buffer.alloc(32, 1).toString('base64')
const GIT = '"da39a3ee5e6b4b0d3255bfef95601890afd80709"'

const rows: { fields: Record<string, string>; want: Partial<LinkedFile> }[] = [
  { fields: {}, want: {} },
  { fields: { 'x-linked-etag': `"${HEX}"` }, want: { digests: { 'sha-256': SHA256 } } },
  { fields: { 'x-linked-etag': HEX.toUpperCase() }, want: { digests: { 'sha-256': SHA256 } } },
  { fields: { 'x-linked-etag': GIT }, want: { tag: GIT } },
  { fields: { 'x-linked-etag': 'W/"a"' }, want: {} },
  { fields: { 'x-linked-etag': 'a' }, want: {} },
  { fields: { 'x-linked-etag': '""' }, want: {} },
  { fields: { 'x-linked-size': '12' }, want: { total: 12 } },
  { fields: { 'x-linked-size': '-1' }, want: {} },
  { fields: { 'repr-digest': `sha-256=:${SHA256}:` }, want: { digests: { 'sha-256': SHA256 } } },
  { fields: { digest: `SHA-256=${SHA256}` }, want: { digests: { 'sha-256': SHA256 } } },
  { fields: { etag: GIT, 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==', 'content-length': '3' }, want: {} },
]

for (const { fields, want } of rows) {
  t.test(`a redirect says what it links to (${JSON.stringify(fields)})`, async (t) => {
    const lines = new Map(Object.entries(fields).map(([name, value]) => [name, [value]]))
    t.strictSame(linkedFile(NOTHING_LINKED, lines), { ...NOTHING_LINKED, ...want })
  })
}

t.test('a later redirect adds to an earlier one, and replaces what both say', async (t) => {
  const first: LinkedFile = { tag: GIT, total: 12, digests: { md5: 'x', 'sha-256': OTHER } }
  t.strictSame(linkedFile(first, new Map()), first)
  const fields = new Map([
    ['x-linked-etag', [HEX]],
    ['x-linked-size', ['13']],
  ])
  t.strictSame(linkedFile(first, fields), { tag: GIT, total: 13, digests: { md5: 'x', 'sha-256': SHA256 } })
})

t.test('the digests of the body of the redirect itself do not count', async (t) => {
  const linked: LinkedFile = { tag: null, total: 1, digests: { md5: 'x', 'sha-256': SHA256 } }
  t.strictSame(withoutOwn(linked, { 'sha-256': SHA256, md5: 'y' }), { ...linked, digests: { md5: 'x' } })
})
