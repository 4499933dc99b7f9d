import t from 'tap'
import type { ExpectedDigest } from '#client/rules/digest.js'
import {
  acrossServers,
  compareServers,
  contradiction,
  type MirrorTags,
  withoutDigests,
} from '#client/rules/same-file.js'
import type { Validators } from '#client/rules/validators.js'
import { type Vouched, vouchedBy } from '#client/rules/vouched.js'

const base: Validators = { total: 5, etag: null, lastModified: null, dateIsStrong: false, digests: {} }
const CHECKSUM: ExpectedDigest = { algorithm: 'sha-256', value: 'YQ==' }
const given = (trust: 'join' | 'verify' = 'join'): { vouched: Vouched | undefined } => ({
  vouched: vouchedBy(CHECKSUM, null, trust) ?? undefined,
})
const linked = (digests: Readonly<Record<string, string>>): { vouched: Vouched | undefined } => ({
  vouched: vouchedBy(null, { tag: '"x"', total: null, digests }, 'join') ?? undefined,
})

type Row = readonly [
  name: string,
  held: Partial<Validators>,
  got: Partial<Validators>,
  expected: 'same' | 'unknown' | RegExp,
  tags?: MirrorTags,
]

const rows: readonly Row[] = [
  ['nothing', {}, {}, 'unknown'],
  ['an equal sha-256', { digests: { 'sha-256': 'YQ==' } }, { digests: { 'sha-256': 'YQ==' } }, 'same'],
  ['an equal sha-512', { digests: { 'sha-512': 'YQ==' } }, { digests: { 'sha-512': 'YQ==' } }, 'same'],
  [
    'digests of two algorithms',
    { digests: { 'sha-512': 'YQ==' } },
    { digests: { 'sha-256': 'YQ==' } },
    'unknown',
  ],
  ['a digest of one server', { digests: { 'sha-256': 'YQ==' } }, {}, 'unknown'],
  ['an equal md5', { digests: { md5: 'YQ==' } }, { digests: { md5: 'YQ==' } }, 'unknown'],
  ['another md5', { digests: { md5: 'YQ==' } }, { digests: { md5: 'Yg==' } }, /digest differs/],
  [
    'another sha-256',
    { digests: { 'sha-256': 'YQ==' } },
    { digests: { 'sha-256': 'Yg==' } },
    /digest differs/,
  ],
  [
    'an equal sha-256 and another md5',
    { digests: { 'sha-256': 'YQ==', md5: 'YQ==' } },
    { digests: { 'sha-256': 'YQ==', md5: 'Yg==' } },
    /digest differs/,
  ],
  ['a digest of a redirect', linked({ 'sha-256': 'YQ==' }), { digests: { 'sha-256': 'YQ==' } }, 'same'],
  [
    'another digest of a redirect',
    linked({ 'sha-256': 'YQ==' }),
    { digests: { 'sha-256': 'Yg==' } },
    /digest differs/,
  ],
  ['equal tags of redirects', linked({}), linked({}), 'unknown'],
  ['an equal strong tag', { etag: '"1"' }, { etag: '"1"' }, 'unknown'],
  ['an equal strong tag', { etag: '"1"' }, { etag: '"1"' }, 'same', 'shared'],
  ['another strong tag', { etag: '"1"' }, { etag: '"2"' }, 'unknown'],
  ['another strong tag', { etag: '"1"' }, { etag: '"2"' }, /ETag differs/, 'shared'],
  ['an equal weak tag', { etag: 'W/"1"' }, { etag: 'W/"1"' }, 'unknown', 'shared'],
  ['another weak tag', { etag: 'W/"1"' }, { etag: 'W/"2"' }, 'unknown', 'shared'],
  ['an equal empty tag', { etag: '""' }, { etag: '""' }, 'unknown', 'shared'],
  ['a tag of one server', { etag: '"1"' }, {}, 'unknown', 'shared'],
  ['a tag of the other server', {}, { etag: '"1"' }, 'unknown', 'shared'],
  [
    'an equal tag and another digest',
    { etag: '"1"', digests: { md5: 'YQ==' } },
    { etag: '"1"', digests: { md5: 'Yg==' } },
    /digest/,
    'shared',
  ],
  ['an equal tag without a size', { etag: '"1"' }, { etag: '"1"', total: null }, 'unknown', 'shared'],
  [
    'an equal strong date',
    { lastModified: 'x', dateIsStrong: true },
    { lastModified: 'x', dateIsStrong: true },
    'unknown',
  ],
  ['another size', { ...given() }, { ...given(), total: 6 }, /a file of 6 bytes, not of 5/],
  ['a checksum', given(), given(), 'same'],
  ['a checksum and no size', given(), { ...given(), total: null }, 'unknown'],
  ['a checksum and no size of the first', { ...given(), total: null }, given(), 'unknown'],
  ['a checksum and other tags', { ...given(), etag: '"1"' }, { ...given(), etag: '"2"' }, 'same'],
  ['a checksum that is only verified', given('verify'), given('verify'), 'unknown'],
  ['a checksum that is only verified by the first', given('verify'), given(), 'unknown'],
  ['a checksum that is only verified by the other', given(), given('verify'), 'unknown'],
  ['a checksum of one run', given(), {}, 'unknown'],
  ['a checksum of the other run', {}, given(), 'unknown'],
  [
    'redirects without a digest',
    { vouched: vouchedBy(null, { tag: null, total: 5, digests: {} }, 'join') ?? undefined },
    { vouched: vouchedBy(null, { tag: null, total: 5, digests: {} }, 'join') ?? undefined },
    'unknown',
  ],
]

for (const [name, held, got, expected, tags = 'own'] of rows)
  t.test(`two servers: ${name}, tags are ${tags}`, async (t) => {
    const found = compareServers({ ...base, ...held }, { ...base, ...got }, tags)
    if (typeof expected === 'string') t.equal(found.kind, expected)
    else t.match(found, { kind: 'different', reason: expected })
  })

t.test('a digest that is not the checksum contradicts it', async (t) => {
  t.equal(contradiction({ ...base, digests: { 'sha-256': 'YQ==' } }, CHECKSUM), null)
  t.equal(contradiction({ ...base, digests: { 'sha-512': 'Yg==' } }, CHECKSUM), null)
  t.equal(contradiction({ ...base, digests: { 'sha-256': 'Yg==' } }, null), null)
  t.match(
    contradiction({ ...base, digests: { 'sha-256': 'Yg==' } }, CHECKSUM),
    /not the one that was asked for/,
  )
  t.match(contradiction({ ...base, ...linked({ 'sha-256': 'Yg==' }) }, CHECKSUM), /not the one/)
})

t.test('across servers, only what means the same everywhere is left', async (t) => {
  const all: Validators = {
    total: 5,
    etag: '"1"',
    lastModified: 'x',
    dateIsStrong: true,
    digests: { md5: 'YQ==' },
    ...linked({ 'sha-256': 'YQ==' }),
  }
  const own = acrossServers(all, 'own')
  t.strictSame(own, {
    total: 5,
    etag: null,
    lastModified: null,
    dateIsStrong: false,
    digests: { md5: 'YQ==' },
    vouched: { ...all.vouched, tag: null },
  })
  t.equal(acrossServers(all, 'shared').etag, '"1"')
  t.equal(acrossServers(base, 'own').vouched, undefined)
})

t.test('without digests, all else is left', async (t) => {
  const all: Validators = { ...base, etag: '"1"', digests: { md5: 'YQ==' }, ...linked({ 'sha-512': 'YQ==' }) }
  t.strictSame(withoutDigests(all), { ...all, digests: {}, vouched: { ...all.vouched, digests: {} } })
  t.equal(withoutDigests({ ...all, vouched: undefined }).vouched, undefined)
})
