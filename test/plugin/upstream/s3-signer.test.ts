import t, { type Test } from 'tap'
import { CredentialsProvider } from '#plugin/upstream/credentials-provider.js'
import { S3Signer } from '#plugin/upstream/s3-signer.js'

type Fields = Readonly<Record<string, string>>

/** Credentials that count how often something was signed with them. */
class CountedKeys {
  readonly accessKeyId = 'AKID'
  signed = 0

  get secretAccessKey(): string {
    this.signed++
    return 'secret'
  }
}

function signerOf(t: Test) {
  const clock = { now: 1_800_000_000_000 }
  t.intercept(Date, 'now', { value: () => clock.now })
  const keys = new CountedKeys()
  const signer = new S3Signer('region', new CredentialsProvider(keys, 1000))
  const sign = (url: string, headers: Fields, credentials = keys): { fields: Fields; isNew: boolean } => {
    const before = credentials.signed
    const fields = signer.sign(
      { method: 'GET', url: new URL(url, 'http://store.test'), headers },
      credentials,
    )
    return { fields, isNew: credentials.signed > before }
  }
  return { clock, sign }
}

t.test('requests for ranges of one object share a signature', async (t) => {
  const { sign } = signerOf(t)
  const one = sign('/b/k', { 'accept-encoding': 'identity', range: 'bytes=0-0' })
  const other = sign('/b/k', { 'accept-encoding': 'identity', range: 'bytes=5-9' })
  const whole = sign('/b/k', { 'accept-encoding': 'identity' })
  t.ok(one.isNew)
  t.notOk(other.isNew)
  t.notOk(whole.isNew)
  t.equal(one.fields['range'], 'bytes=0-0')
  t.strictSame(other.fields, { ...one.fields, range: 'bytes=5-9' })
  t.notHas(whole.fields, { range: String })
  t.notMatch(one.fields['Authorization'], /SignedHeaders=[^,]*range/)
})

t.test('what else differs has a signature of its own', async (t) => {
  const { sign } = signerOf(t)
  const requests: [string, Fields][] = [
    ['/b/k', {}],
    ['/b/other', {}],
    ['/b/k?versionId=1', {}],
    ['http://other.test/b/k', {}],
    ['/b/k', { 'if-match': '"v1"' }],
    ['/b/k', { 'if-match': '"v2"' }],
    ['/b/k', { 'x-amz-request-payer': 'requester' }],
  ]
  for (const request of requests) t.ok(sign(...request).isNew, JSON.stringify(request))
  for (const request of requests) t.notOk(sign(...request).isNew, JSON.stringify(request))
})

t.test('a signature is shared for five seconds', async (t) => {
  const { clock, sign } = signerOf(t)
  t.ok(sign('/b/k', {}).isNew)
  clock.now += 4999
  t.notOk(sign('/b/k', {}).isNew)
  clock.now += 1
  t.ok(sign('/b/k', {}).isNew)
  t.notOk(sign('/b/k', {}).isNew)
  clock.now -= 60_000
  t.ok(sign('/b/k', {}).isNew, 'the clock was set back')
})

t.test('no request has the signature of other keys', async (t) => {
  const { sign } = signerOf(t)
  const renewed = new CountedKeys()
  t.ok(sign('/b/k', {}).isNew)
  t.ok(sign('/b/k', {}, renewed).isNew)
  t.notOk(sign('/b/k', {}, renewed).isNew)
  t.ok(sign('/b/k', {}).isNew, 'also if the same keys come back')
})

t.test('a change of the fields of one request is in no other', async (t) => {
  const { sign } = signerOf(t)
  const { fields } = sign('/b/k', {})
  Object.assign(fields, { 'x-changed': '1' })
  t.notHas(sign('/b/k', {}).fields, { 'x-changed': '1' })
})

t.test('a limited number of signatures is kept', async (t) => {
  const { sign } = signerOf(t)
  for (let number = 0; number < 256; number++) sign(`/b/${number}`, {})
  t.ok(sign('/b/more', {}).isNew)
  t.ok(sign('/b/more', {}).isNew)
  t.notOk(sign('/b/0', {}).isNew)
})
