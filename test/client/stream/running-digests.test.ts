// The digests of an output.
import { createHash } from 'node:crypto'
import t from 'tap'
import { SENT_ALGORITHMS } from '#client/rules/digest.js'
import type { Validators } from '#client/rules/validators.js'
import { RunningDigests } from '#client/stream/running-digests.js'

const VALIDATORS: Validators = { total: 3, etag: null, lastModified: null, dateIsStrong: false, digests: {} }

for (const [name, validators, given, want] of [
  ['sha-256, if nothing is known yet', {}, null, ['sha-256']],
  ['both, if trailers may follow', { total: null }, null, ['sha-512', 'sha-256']],
  ['what the server sent, if that is a proof', { digests: { 'sha-512': 'x' } }, null, ['sha-512']],
  ['sha-256 beside what only finds damage', { digests: { md5: 'x' } }, null, ['sha-256', 'md5']],
  [
    'what a redirect says',
    { vouched: { etag: null, total: null, digests: { 'sha-256': 'x' } } },
    null,
    ['sha-256'],
  ],
  ['what the caller gave', {}, { algorithm: 'sha-512', value: 'x' }, ['sha-512']],
] as const)
  t.test(`computed is ${name}`, async (t) => {
    const digests = await RunningDigests.start(
      { ...VALIDATORS, ...(validators as Partial<Validators>) },
      given,
    )
    digests.update(Buffer.from('ab'))
    digests.update(Buffer.from('c'))
    const found = digests.read(SENT_ALGORITHMS)
    t.strictSame([...found.keys()].sort(), [...want].sort())
    const sha256 = createHash('sha256').update('abc').digest('base64')
    if (found.has('sha-256')) t.equal(found.get('sha-256'), sha256)
  })
