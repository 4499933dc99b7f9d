import { createHash, createHmac } from 'node:crypto'
import { type Credentials, s3Source } from 'fastify-send-range/s3'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'
import { type Answer, type Got, LONG_AGO, Origin } from './support/origin.ts'

const KEYS: Credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret/key' }
const BYTES = Buffer.from('0123456789')
const RANGE = { url: '/a.txt', headers: { range: 'bytes=2-4' } }

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** The signature that the store expects: version 4, as the documentation of AWS says it, without the code under test. */
function signatureOf({ method, url, headers }: Got, region: string): string {
  const authorization = String(headers.authorization)
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? []
  const date = String(headers['x-amz-date'])
  const [path = '', query = ''] = url.split('?')
  const canonical = [
    method,
    path,
    query,
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    String(headers['x-amz-content-sha256']),
  ].join('\n')
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  )
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${KEYS.secretAccessKey}`)
  return hmac(key, text).toString('hex')
}

async function servedBy(t: Test, options: object = {}, answer?: Answer) {
  const origin = await Origin.start(t, answer)
  const source = s3Source({
    endpoint: origin.url,
    region: 'eu-central-1',
    bucket: 'films',
    credentials: KEYS,
    retries: 0,
    ...options,
  })
  const stored = { bytes: BYTES, etag: '"v"', lastModified: LONG_AGO }
  for (const key of ['a.txt', 'public/a.txt']) origin.objects.set(`/films/${key}`, stored)
  return { origin, source, ...(await serve(t, { plugin: { source } })) }
}

t.test('each request is signed', async (t) => {
  const { origin, app } = await servedBy(t)
  origin.objects.set("/films/x/é !'()*+&=@🎈", { bytes: BYTES, etag: '"v"' })
  const path = "x/é !'()*+&=@🎈".split('/').map(encodeURIComponent).join('/')
  for (const url of ['/a.txt', `/${path}`]) {
    const answer = await app.inject({ url, headers: { range: 'bytes=-2' } })
    t.equal(answer.body, '89', url)
  }
  t.equal(origin.got.length, 4)
  for (const got of origin.got) {
    t.match(
      got.headers.authorization,
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/s3\/aws4_request, /,
    )
    t.match(got.headers.authorization, /SignedHeaders=\S*host;\S*x-amz-date/)
    t.ok(got.headers.authorization?.endsWith(`Signature=${signatureOf(got, 'eu-central-1')}`), got.url)
  }
})

t.test('a function is asked for the credentials of each request', async (t) => {
  let calls = 0
  const credentials = async (): Promise<Credentials> => ({
    ...KEYS,
    accessKeyId: `AKID${++calls}`,
    sessionToken: `token${calls}`,
  })
  const { origin, app } = await servedBy(t, { credentials })
  await app.inject({ url: '/a.txt', headers: { range: 'bytes=-2' } })
  t.match(origin.got[0]?.headers.authorization, /Credential=AKID1\//)
  t.match(origin.got[1]?.headers.authorization, /Credential=AKID2\//)
  t.equal(origin.got[1]?.headers['x-amz-security-token'], 'token2')
})

t.test('a change of the credentials object has no effect', async (t) => {
  const credentials = { ...KEYS }
  const { origin, app } = await servedBy(t, { credentials })
  credentials.accessKeyId = 'other'
  await app.inject(RANGE)
  t.match(origin.got[0]?.headers.authorization, /Credential=AKID\//)
})

for (const [name, credentials, status] of [
  ['fails', () => Promise.reject(Object.assign(new Error('of arn:secret'), { statusCode: 403 })), 500],
  ['returns nothing', () => undefined, 502],
  ['returns no keys', () => ({ accessKeyId: '' }), 502],
  ['returns line breaks', () => ({ accessKeyId: 'a\r\nb', secretAccessKey: 'c' }), 502],
] as const) {
  t.test(`a credentials function that ${name} is a ${status} that shows nothing`, async (t) => {
    const { origin, app } = await servedBy(t, { credentials })
    const answer = await app.inject(RANGE)
    t.equal(answer.statusCode, status)
    t.notMatch(answer.body, /arn:secret|accessKey/)
    t.equal(origin.got.length, 0)
  })
}

t.test('prefix, payer and more fields are in each request', async (t) => {
  const headers = { 'X-Amz-Server-Side-Encryption-Customer-Key': 'key' }
  const { origin, app } = await servedBy(t, { prefix: 'public/', requestPayer: true, headers })
  t.equal((await app.inject(RANGE)).body, '234')
  t.equal(origin.got[0]?.url, '/films/public/a.txt')
  t.equal(origin.got[0]?.headers['x-amz-request-payer'], 'requester')
  t.equal(origin.got[0]?.headers['x-amz-server-side-encryption-customer-key'], 'key')
})

t.test('a key that is too long with its prefix is a 404 that costs no request', async (t) => {
  const { origin, app } = await servedBy(t, { prefix: 'p'.repeat(1000) })
  t.equal((await app.inject(`/${'a'.repeat(25)}`)).statusCode, 404)
  t.equal(origin.got.length, 0)
  t.equal((await app.inject(`/${'a'.repeat(24)}`)).statusCode, 404)
  t.equal(origin.got.length, 1)
})

t.test('a version that the application names is served', async (t) => {
  const { origin, app } = await servedBy(t, { version: (path: string) => `of ${path}` })
  t.equal((await app.inject(RANGE)).body, '234')
  t.equal(origin.got[0]?.url, '/films/a.txt?versionId=of%20a.txt')
})

const versioned: Answer = (_, response) => {
  response.setHeader('x-amz-version-id', 'id1')
  return false
}

t.test('in a bucket that keeps versions, further requests name the version', async (t) => {
  const { origin, app } = await servedBy(t, {}, versioned)
  t.equal((await app.inject({ url: '/a.txt', headers: { range: 'bytes=-2' } })).body, '89')
  t.strictSame(
    origin.got.map(({ url }) => url),
    ['/films/a.txt', '/films/a.txt?versionId=id1'],
  )
})

t.test('without the right to name a version, the tag alone pins it', async (t) => {
  const { origin, app } = await servedBy(t, {}, (got, response) => {
    if (!got.url.includes('versionId')) return versioned(got, response)
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    return true
  })
  t.equal((await app.inject({ url: '/a.txt', headers: { range: 'bytes=-2' } })).body, '89')
  t.equal(origin.got.at(-1)?.url, '/films/a.txt')
  t.equal(origin.got.at(-1)?.headers['if-match'], '"v"')
})

t.test('no secret is in the log of a refused request', async (t) => {
  const { app, log } = await servedBy(
    t,
    { credentials: { ...KEYS, sessionToken: 'a-token' } },
    (_, response) => {
      response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
      return true
    },
  )
  t.equal((await app.inject(RANGE)).statusCode, 502)
  t.match(JSON.stringify(log), /SignatureDoesNotMatch/)
  t.notMatch(JSON.stringify(log), /AKID|secret\/key|a-token|films/)
})

t.test('wrong options are refused', async (t) => {
  const right = { bucket: 'films', region: 'x', credentials: KEYS }
  t.ok(s3Source(right))
  const wrong: Record<string, unknown>[] = [
    { bucket: undefined },
    { bucket: 'a/b' },
    { bucket: '..' },
    { region: '' },
    { credentials: { accessKeyId: 'a' } },
    { credentials: undefined },
    { endpoint: 'store' },
    { endpoint: 'http://user:password@store' },
    { endpoint: 'http://store?a=b' },
    { endpoint: 'ftp://store' },
    { prefix: '/a' },
    { prefix: 'a/../b' },
    { pathStyle: 'yes' },
    { version: 'id' },
    { url: () => 'http://store' },
  ]
  for (const options of wrong)
    t.throws(
      () => s3Source({ ...right, ...options } as never),
      { code: 'ERR_RANGE_OPTION' },
      JSON.stringify(options),
    )
})
