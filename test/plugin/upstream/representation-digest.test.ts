// RFC 9530: the digest of an object, from what its store says.
import { createHash } from 'node:crypto'
import compress from '@fastify/compress'
import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'
import { distinctBytes, LONG_AGO, Origin } from './support/origin.ts'

const CONTENT = distinctBytes(100_000)
const CHECKSUM = createHash('sha256').update(CONTENT).digest('base64')
const DIGEST = `sha-256=:${CHECKSUM}:`

async function served(t: Test, fields: Readonly<Record<string, string>>, withCompress = false) {
  const origin = await Origin.start(t)
  const etag = '"v"'
  origin.objects.set('/f.txt', { bytes: CONTENT, etag, lastModified: LONG_AGO, fields })
  const source = httpSource({ url: (path) => `${origin.url}/${path}` })
  const routes = async (app: Parameters<NonNullable<Parameters<typeof serve>[1]['routes']>>[0]) => {
    if (withCompress) await app.register(compress)
    app.get('/*', (_request, reply) => reply.sendRange('f.txt'))
  }
  return { origin, ...(await serve(t, { plugin: { source }, routes })) }
}

const REQUESTS = {
  200: { method: 'GET', headers: {} },
  HEAD: { method: 'HEAD', headers: {} },
  206: { method: 'GET', headers: { range: 'bytes=5-9' } },
  'a 206 of two parts': { method: 'GET', headers: { range: 'bytes=5-9,50000-50009' } },
} as const

/** RFC 9110 §15.4.5: a 304 has no metadata except what caches need, and errors are not the representation. */
const WITHOUT = {
  304: { method: 'GET', headers: { 'if-none-match': '"v"' } },
  412: { method: 'GET', headers: { 'if-match': '"other"' } },
  416: { method: 'GET', headers: { range: 'bytes=100000-' } },
} as const

t.test('Repr-Digest of an origin goes out with each answer that is about the representation', async (t) => {
  const both = `${DIGEST}, sha-512=:AAAA:`
  const { app } = await served(t, { 'repr-digest': both, 'content-digest': DIGEST })
  for (const [name, request] of Object.entries(REQUESTS)) {
    const { headers } = await app.inject({ url: '/f.txt', ...request })
    t.equal(headers['repr-digest'], both, name)
    t.equal(headers['content-digest'], undefined, `${name}: that is the digest of another message`)
  }
  for (const [name, request] of Object.entries(WITHOUT)) {
    const { headers, statusCode } = await app.inject({ url: '/f.txt', ...request })
    t.equal(String(statusCode), name)
    t.equal(headers['repr-digest'], undefined, name)
  }
})

t.test('the checksum that S3 sends with the whole object is remembered for its parts', async (t) => {
  const { app } = await served(t, { 'x-amz-checksum-sha256': CHECKSUM, 'x-amz-checksum-type': 'FULL_OBJECT' })
  const part = { url: '/f.txt', ...REQUESTS[206] }
  const whole = { url: '/f.txt', ...REQUESTS[200] }
  t.equal(
    (await app.inject(part)).headers['repr-digest'],
    undefined,
    'with a part, it may be that of the part',
  )
  t.equal((await app.inject(whole)).headers['repr-digest'], DIGEST)
  for (const [name, request] of Object.entries(REQUESTS)) {
    const { headers } = await app.inject({ url: '/f.txt', ...request })
    t.equal(headers['repr-digest'], DIGEST, name)
    t.equal(headers['x-amz-checksum-sha256'], undefined, name)
  }
})

t.test('the digest of one version is not that of the next', async (t) => {
  const { origin, app } = await served(t, { 'x-amz-checksum-sha256': CHECKSUM })
  t.equal((await app.inject('/f.txt')).headers['repr-digest'], DIGEST)
  origin.objects.set('/f.txt', { bytes: CONTENT, etag: '"w"', lastModified: LONG_AGO })
  const part = { url: '/f.txt', ...REQUESTS[206] }
  t.equal((await app.inject(part)).headers['repr-digest'], undefined)
})

for (const [name, fields] of Object.entries({
  'a checksum of checksums': { 'x-amz-checksum-sha256': `${CHECKSUM}-3` },
  'a checksum of the type COMPOSITE': {
    'x-amz-checksum-sha256': CHECKSUM,
    'x-amz-checksum-type': 'COMPOSITE',
  },
  'an invalid checksum': { 'x-amz-checksum-sha256': 'abc' },
  'another checksum': { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' },
  'an invalid digest': { 'repr-digest': CHECKSUM },
  'an endless digest': { 'repr-digest': `sha-256=:${'A'.repeat(1000)}:` },
})) {
  t.test(`${name} is not handed on`, async (t) => {
    const { app } = await served(t, fields)
    t.equal((await app.inject('/f.txt')).headers['repr-digest'], undefined)
  })
}

t.test('the digest of an object that is stored gzipped is that of its stored bytes', async (t) => {
  const { app } = await served(t, { 'content-encoding': 'gzip', 'x-amz-checksum-sha256': CHECKSUM })
  const { headers, rawPayload } = await app.inject('/f.txt')
  t.equal(headers['content-encoding'], 'gzip')
  t.equal(`sha-256=:${createHash('sha256').update(rawPayload).digest('base64')}:`, headers['repr-digest'])
})

t.test(
  'an answer that is compressed on its way has no digest, since it would be that of other bytes',
  async (t) => {
    const { app } = await served(t, { 'repr-digest': DIGEST }, true)
    const headers = { 'accept-encoding': 'gzip' }
    const whole = await app.inject({ url: '/f.txt', headers })
    t.equal(whole.headers['content-encoding'], 'gzip')
    t.equal(whole.headers['repr-digest'], undefined)
    const part = await app.inject({ url: '/f.txt', headers: { ...headers, range: 'bytes=5-9' } })
    t.equal(part.headers['content-encoding'], undefined)
    t.equal(part.headers['repr-digest'], DIGEST)
  },
)
