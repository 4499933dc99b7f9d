import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'
import { type Answer, distinctBytes, Origin } from './support/origin.ts'

// Origins that give ranges, and say nothing of it or the contrary. RFC 9110 §14.3 asks no server for Accept-Ranges.

const BYTES = distinctBytes(1_000_000)
const RANGES = ['bytes=2-4', 'bytes=-3', 'bytes=999990-', 'bytes=0-1,900000-900001']

/** Right answers with no Accept-Ranges but this one. */
function giving(fields: Readonly<Record<string, string>>): Answer {
  return ({ headers }, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    const first = Number(from ?? 0)
    const last = Math.min(Number(to ?? Infinity), BYTES.length - 1)
    response.writeHead(from === undefined ? 200 : 206, {
      etag: '"v"',
      'content-length': last - first + 1,
      ...(from !== undefined && { 'content-range': `bytes ${first}-${last}/${BYTES.length}` }),
      ...fields,
    })
    response.end(BYTES.subarray(first, last + 1))
    return true
  }
}

async function servedBy(t: Test, answer: Answer) {
  const origin = await Origin.start(t, answer)
  const source = httpSource({ url: () => `${origin.url}/f` })
  return { origin, ...(await serve(t, { plugin: { source } })) }
}

for (const [name, fields] of Object.entries({ nothing: {}, none: { 'accept-ranges': 'none' } })) {
  t.test(`an origin that says ${name} of ranges gives them, whatever was asked before`, async (t) => {
    const { app } = await servedBy(t, giving(fields))
    for (const range of [...RANGES, ...RANGES]) {
      const whole = await app.inject('/f')
      t.equal(whole.statusCode, 200)
      t.ok(BYTES.equals(whole.rawPayload))
      const part = await app.inject({ url: '/f', headers: { range } })
      t.equal(part.statusCode, 206, range)
      t.equal(part.headers['accept-ranges'], 'bytes')
    }
  })
}

t.test('once it has given one, whole answers and those to HEAD say that it does', async (t) => {
  const { app } = await servedBy(t, giving({}))
  const said = async (method: 'GET' | 'HEAD') =>
    (await app.inject({ method, url: '/f' })).headers['accept-ranges']
  t.equal(await said('GET'), 'none', 'nobody knows yet')
  t.equal(await said('HEAD'), 'bytes')
  t.equal(await said('GET'), 'bytes')
  t.equal(await said('GET'), 'bytes')
})

for (const [name, fields] of Object.entries({
  'no size': {},
  'an unreadable size': { 'content-range': 'bytes 10' },
}))
  t.test(`an origin that refuses every range, and says ${name}, has no empty object`, async (t) => {
    const { app } = await servedBy(t, ({ headers }, response) => {
      if (headers.range === undefined)
        response.writeHead(200, { etag: '"v"', 'content-length': BYTES.length })
      else response.writeHead(416, fields)
      response.end(headers.range === undefined ? BYTES : '')
      return true
    })
    for (const range of ['bytes=0-', 'bytes=0-3', 'bytes=5-', 'bytes=-3', 'bytes=2-3,9-']) {
      const { statusCode, rawPayload, headers } = await app.inject({ url: '/f', headers: { range } })
      t.notMatch(headers['content-range'], 'bytes */0', range)
      if (statusCode === 200) t.ok(BYTES.equals(rawPayload), range)
      else t.equal(statusCode, range.includes(',') ? 502 : 206, range)
    }
    t.ok(BYTES.equals((await app.inject('/f')).rawPayload))
  })

t.test('an origin that answers one range with the whole may give the next one', async (t) => {
  let isWhole = true
  const { app } = await servedBy(t, (got, response) => {
    const headers = isWhole ? {} : got.headers
    return giving({})({ ...got, headers }, response)
  })
  for (const range of RANGES) {
    isWhole = true
    const answer = await app.inject({ url: '/f', headers: { range } })
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['accept-ranges'], 'none')
    t.ok(BYTES.equals(answer.rawPayload))
    isWhole = false
    t.equal((await app.inject({ url: '/f', headers: { range } })).statusCode, 206)
  }
})
