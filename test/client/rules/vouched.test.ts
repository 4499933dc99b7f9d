import t from 'tap'
import { NOTHING_LINKED } from '#client/rules/linked-file.js'
import {
  isJoinable,
  isOtherVersion,
  isProvenVersion,
  isSameVersion,
  type Validators,
} from '#client/rules/validators.js'
import { canJoin, compareVouched, type Vouched, vouchedBy } from '#client/rules/vouched.js'

const CHECKSUM = { algorithm: 'sha-256', value: 'x' } as const

const vouched = (facts: Partial<Vouched>): Vouched => ({
  ...NOTHING_LINKED,
  checksum: null,
  trust: 'join',
  ...facts,
})

t.test('what is known beforehand comes from the caller and from redirects', async (t) => {
  t.equal(vouchedBy(null, null, 'join'), null)
  t.strictSame(vouchedBy(CHECKSUM, null, 'join'), vouched({ checksum: 'sha-256=x' }))
  const linked = { tag: '"a"', total: 1, digests: { md5: 'x' } }
  t.strictSame(vouchedBy(null, linked, 'verify'), vouched({ ...linked, trust: 'verify' }))
})

t.test(
  'a checksum, a tag or a digest that proves something can join, until it is only verified',
  async (t) => {
    const cases: [facts: Partial<Vouched>, want: boolean][] = [
      [{ checksum: 'sha-256=x' }, true],
      [{ tag: '"a"' }, true],
      [{ digests: { 'sha-512': 'x' } }, true],
      [{ digests: { md5: 'x' } }, false],
      [{ total: 1 }, false],
      [{ checksum: 'sha-256=x', trust: 'verify' }, false],
    ]
    for (const [facts, want] of cases) t.equal(canJoin(vouched(facts)), want, JSON.stringify(facts))
    t.equal(canJoin(null), false)
  },
)

t.test('two are about the same file if they agree in something, and differ in nothing', async (t) => {
  const cases: [a: Partial<Vouched>, b: Partial<Vouched>, want: string][] = [
    [{ checksum: 'x' }, { checksum: 'x' }, 'equal'],
    [{ checksum: 'x' }, { checksum: 'y' }, 'different'],
    [{ checksum: 'x', tag: '"a"' }, { checksum: 'x', tag: '"b"' }, 'different'],
    [{ tag: '"a"' }, { tag: '"a"', checksum: 'x' }, 'equal'],
    [{ checksum: 'x' }, { tag: '"a"' }, 'unknown'],
    [{ digests: { 'sha-256': 'x' } }, { digests: { 'sha-256': 'x', 'sha-512': 'y' } }, 'equal'],
    [{ digests: { 'sha-256': 'x' } }, { digests: { 'sha-256': 'y' } }, 'different'],
    [{ digests: { md5: 'x' } }, { digests: { md5: 'x' } }, 'unknown'],
    [{ checksum: 'x' }, { checksum: 'x', trust: 'verify' }, 'unknown'],
    [{ checksum: 'x', trust: 'verify' }, { checksum: 'y' }, 'different'],
  ]
  for (const [a, b, want] of cases) {
    const name = `${JSON.stringify(a)}, ${JSON.stringify(b)}`
    t.equal(compareVouched(vouched(a), vouched(b)), want, name)
    t.equal(compareVouched(vouched(b), vouched(a)), want, `${name}, the other way round`)
  }
  t.equal(compareVouched(null, vouched({ checksum: 'x' })), 'unknown')
  t.equal(compareVouched(vouched({ checksum: 'x' }), undefined), 'unknown')
})

const bare: Validators = { total: 10, etag: null, lastModified: null, dateIsStrong: false, digests: {} }
const KNOWN = vouched({ checksum: 'x' })

t.test('answers are joined by a checksum only where their own validators do not contradict it', async (t) => {
  const dated = { ...bare, lastModified: 'then', dateIsStrong: true }
  const cases: [name: string, a: Validators, b: Validators, want: boolean][] = [
    ['no validators', bare, bare, true],
    ['another size', bare, { ...bare, total: 11 }, false],
    ['weak tags that differ', { ...bare, etag: 'W/"a"' }, { ...bare, etag: 'W/"b"' }, true],
    ['young dates that differ', { ...bare, lastModified: 'a' }, { ...bare, lastModified: 'b' }, true],
    ['a strong tag on one side', { ...bare, etag: '"a"' }, bare, true],
    [
      'a strong tag on one side, and strong dates that differ',
      { ...dated, etag: '"a"' },
      { ...dated, lastModified: 'now' },
      true,
    ],
    ['strong tags that differ', { ...bare, etag: '"a"' }, { ...bare, etag: '"b"' }, false],
    ['strong dates that differ', dated, { ...dated, lastModified: 'now' }, false],
    ['digests that differ', { ...bare, digests: { md5: 'x' } }, { ...bare, digests: { md5: 'y' } }, false],
  ]
  for (const [name, a, b, want] of cases) {
    const known = [
      { ...a, vouched: KNOWN },
      { ...b, vouched: KNOWN },
    ] as const
    t.equal(isSameVersion(...known), want, name)
    t.equal(isSameVersion(known[1], known[0]), want, `${name}, the other way round`)
    t.equal(isSameVersion({ ...a, vouched: KNOWN }, b), false, `${name}, known of one alone`)
    t.equal(isProvenVersion(...known), false, `${name}: no proof`)
  }
  t.ok(isJoinable({ ...bare, vouched: KNOWN }))
  t.notOk(isJoinable({ ...bare, total: null, vouched: KNOWN }), 'the size is not known')
  t.ok(isOtherVersion({ ...bare, vouched: KNOWN }, { ...bare, vouched: vouched({ checksum: 'y' }) }))
})
