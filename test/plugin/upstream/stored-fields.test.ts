import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'
import { distinctBytes, LONG_AGO, Origin } from './support/origin.ts'

// Fields that an object is stored with, right or wrong: its bytes are served with those that mean something.

/** Long enough for ranges that do not come with one request. */
const BYTES = distinctBytes(1_000_000)

async function served(t: Test, fields: Readonly<Record<string, string>>, path = '/f.txt') {
  const origin = await Origin.start(t)
  origin.objects.set(path, { bytes: BYTES, etag: '"v"', lastModified: LONG_AGO, fields })
  const source = httpSource({ url: (name) => `${origin.url}/${name}`, retries: 0 })
  const { app } = await serve(t, { plugin: { source } })
  return { origin, app }
}

t.test('an object that is stored with an empty type has the type of its extension', async (t) => {
  const { app } = await served(t, { 'content-type': '', 'cache-control': '', 'content-encoding': '' })
  const answer = await app.inject({ url: '/f.txt', headers: { range: 'bytes=0-3' } })
  t.equal(answer.statusCode, 206)
  t.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
  t.equal(answer.headers['content-encoding'], undefined)
  t.strictSame(answer.rawPayload, BYTES.subarray(0, 4))
})

// An upload in signed chunks says so in its Content-Encoding. AWS removes that; Ceph, MinIO and others have stored it.
for (const [stored, sent] of [
  ['aws-chunked', undefined],
  ['gzip,aws-chunked', 'gzip'],
  ['AWS-Chunked, br', 'br'],
  ['identity', undefined],
  ['text/plain; charset=utf-8', undefined],
] as const) {
  t.test(`an object that is stored as ${stored} goes out as ${sent}`, async (t) => {
    const { app } = await served(t, { 'content-encoding': stored })
    for (const range of [undefined, 'bytes=0-3', 'bytes=0-1,500000-500001']) {
      const answer = await app.inject({ url: '/f.txt', headers: range === undefined ? {} : { range } })
      t.equal(answer.statusCode, range === undefined ? 200 : 206)
      t.equal(answer.headers['content-encoding'], sent)
    }
  })
}

t.test('one strong tag is one version, whatever date each server behind the origin has', async (t) => {
  const { origin, app } = await served(t, {})
  origin.answer = ({ number }) => {
    // The second one has no date: RFC 9110 §15.3.7 asks a 206 for the tag.
    const date = number === 2 ? undefined : new Date(number * 1000).toUTCString()
    origin.objects.set('/f.txt', { bytes: BYTES, etag: '"v"', ...(date && { lastModified: date }) })
    return false
  }
  const answer = await app.inject({
    url: '/f.txt',
    headers: { range: 'bytes=0-1,500000-500001,900000-900001' },
  })
  t.equal(answer.statusCode, 206)
  t.ok(origin.got.length > 2)
  t.ok(answer.rawPayload.includes(BYTES.subarray(900_000, 900_002)))
})

t.test('a field that is named as a property of every object is handed on like others', async (t) => {
  const origin = await Origin.start(t)
  origin.objects.set('/f.txt', { bytes: BYTES, etag: '"v"', fields: { valueOf: 'seven' } })
  const fields = ['constructor', '__proto__', 'valueOf']
  const source = httpSource({ url: (name) => `${origin.url}/${name}`, fields })
  const { app } = await serve(t, { plugin: { source } })
  const { statusCode, headers } = await app.inject('/f.txt')
  t.equal(statusCode, 200)
  t.equal(headers['valueof'], 'seven')
  t.notOk(Object.hasOwn(headers, 'constructor'))
})

t.test('fields that say nothing about an object cannot be handed on', async (t) => {
  const url = () => 'http://127.0.0.1'
  for (const name of ['Vary', 'Access-Control-Allow-Origin', 'Age', 'Via', 'Set-Cookie', 'etag', 'a b', ''])
    t.throws(() => httpSource({ url, fields: [name] }), { code: 'ERR_RANGE_OPTION' }, name)
  t.ok(httpSource({ url, fields: ['Repr-Digest', 'x-amz-meta-owner'] }))
})
