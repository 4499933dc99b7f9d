import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'
import { type Answer, distinctBytes, Origin } from './support/origin.ts'

// Origins that send the whole without Content-Length, as many programs do that compress or compute. RFC 9110 §8.6 asks for
// the field only if the length is known before the content.

/** Ranges are right. The whole comes in chunks, which say no length before the end. */
function inChunks(bytes: Buffer): Answer {
  return ({ headers }, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    if (from === undefined) {
      response.writeHead(200, { etag: '"v"' })
      response.write(bytes.subarray(0, 1))
      response.end(bytes.subarray(1))
      return true
    }
    const last = Math.min(Number(to), bytes.length - 1)
    const range = last < 0 ? '*' : `${from}-${last}`
    const status = last < 0 ? 416 : 206
    response.writeHead(status, { etag: '"v"', 'content-range': `bytes ${range}/${bytes.length}` })
    response.end(bytes.subarray(Number(from), last + 1))
    return true
  }
}

async function servedBy(t: Test, answer: Answer) {
  const origin = await Origin.start(t, answer)
  const source = httpSource({ url: () => `${origin.url}/f` })
  return { origin, ...(await serve(t, { plugin: { source } })) }
}

t.test('the whole of an origin that says no length is served, with its length', async (t) => {
  const bytes = distinctBytes(200_000)
  const { app, origin } = await servedBy(t, inChunks(bytes))
  const { statusCode, headers, rawPayload } = await app.inject('/f')
  t.equal(statusCode, 200)
  t.equal(headers['content-length'], '200000')
  t.equal(headers['accept-ranges'], 'bytes')
  t.ok(bytes.equals(rawPayload))
  t.strictSame(
    origin.got.map((request) => request.headers.range),
    [undefined, `bytes=0-${Number.MAX_SAFE_INTEGER}`],
  )
  t.equal((await app.inject({ method: 'HEAD', url: '/f' })).headers['content-length'], '200000')
  const part = await app.inject({ url: '/f', headers: { range: 'bytes=-2' } })
  t.ok(bytes.subarray(-2).equals(part.rawPayload))
})

for (const [name, answer] of Object.entries<Answer>({
  'whose range is without a length too': (got, response) =>
    inChunks(Buffer.alloc(9))({ ...got, headers: {} }, response),
  'that is empty': inChunks(Buffer.alloc(0)),
})) {
  t.test(`a whole ${name} is a 502, after a bounded number of requests`, async (t) => {
    const { app, origin } = await servedBy(t, answer)
    t.equal((await app.inject('/f')).statusCode, 502)
    t.ok(origin.got.length <= 3)
  })
}
