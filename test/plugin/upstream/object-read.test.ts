import dns from 'node:dns'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { serve, until } from '../support/serve.ts'
import { type Answer, distinctBytes, type Got, LONG_AGO, Origin } from './support/origin.ts'

const CONTENT = distinctBytes(3 * 1024 * 1024)
const MIB = 1024 * 1024

async function servedBy(t: Test, answer: Answer, options: object = {}) {
  const origin = await Origin.start(t, answer)
  origin.objects.set('/f', { bytes: CONTENT, etag: '"v1"', lastModified: LONG_AGO })
  const source = httpSource({ url: (path) => `${origin.url}/${path}`, retries: 2, ...options })
  return { origin, ...(await serve(t, { plugin: { source } })) }
}

/** The positions of the range that a request is for. */
function positions({ headers }: Got): { readonly first: number; readonly last: number } {
  const [, first = 0, last = CONTENT.length - 1] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
  return { first: Number(first), last: Math.min(Number(last), CONTENT.length - 1) }
}

/** Begins the right answer, and writes this many bytes of it. */
async function begin(got: Got, response: ServerResponse, count: number): Promise<void> {
  const { first, last } = positions(got)
  response.writeHead(got.headers.range === undefined ? 200 : 206, {
    etag: '"v1"',
    'accept-ranges': 'bytes',
    'last-modified': LONG_AGO,
    'content-length': last - first + 1,
    ...(got.headers.range !== undefined && { 'content-range': `bytes ${first}-${last}/${CONTENT.length}` }),
  })
  response.write(CONTENT.subarray(first, Math.min(first + count, last + 1)))
  if (response.writableNeedDrain) await once(response, 'drain')
}

async function bytesOf(port: number, range?: string): Promise<Buffer> {
  const answer = await fetch(`http://127.0.0.1:${port}/f`, range === undefined ? {} : { headers: { range } })
  return Buffer.from(await answer.arrayBuffer())
}

for (const [name, interrupt] of Object.entries({
  'is reset': (response: ServerResponse) => response.socket?.resetAndDestroy(),
  'ends early': (response: ServerResponse) => response.socket?.end(),
  stalls: () => {},
})) {
  t.test(`when the connection to the origin ${name}, the answer goes on from there`, async (t) => {
    // On a busy machine, more than one 300 ms pass without a byte.
    const options = name === 'stalls' ? { stallTimeout: 300, retries: 50 } : {}
    const received: Buffer[] = []
    const { origin, port, errors } = await servedBy(
      t,
      (got, response) => {
        if (got.number > 3) return false
        void begin(got, response, MIB / 2)
          // A reset takes away what was not read yet.
          .then(() => until(() => Buffer.concat(received).length > positions(got).first))
          .then(() => interrupt(response))
        return true
      },
      options,
    )
    const answer = await fetch(`http://127.0.0.1:${port}/f`)
    for await (const chunk of answer.body ?? []) received.push(Buffer.from(chunk))
    sameBytes(t, Buffer.concat(received), CONTENT)
    t.ok(
      name === 'stalls' ? origin.got.length >= 4 : origin.got.length === 4,
      `${origin.got.length} requests`,
    )
    let before = -1
    for (const got of origin.got.slice(1)) {
      t.equal(got.headers['if-match'], '"v1"')
      t.ok(name === 'stalls' ? positions(got).first >= before : positions(got).first > before)
      t.equal(positions(got).last, CONTENT.length - 1)
      before = positions(got).first
    }
    t.strictSame(errors(), [])
  })
}

t.test('a host that is not found for a moment, in the middle of an answer, is asked for again', async (t) => {
  const origin = await Origin.start(t, (got, response) => {
    if (got.number > 1) return false
    void begin(got, response, MIB / 2).then(() => response.socket?.end())
    return true
  })
  origin.objects.set('/f', { bytes: CONTENT, etag: '"v1"', lastModified: LONG_AGO })
  let lookups = 0
  const lookup = dns.lookup as (...given: unknown[]) => void
  t.intercept(dns, 'lookup', {
    value: (host: string, options: object, callback: (...result: unknown[]) => void) => {
      if (host !== 'store.test') lookup(host, options, callback)
      else if (++lookups === 2)
        setImmediate(callback, Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))
      else lookup('127.0.0.1', options, callback)
    },
  })
  const url = new URL('/f', origin.url)
  url.hostname = 'store.test'
  const { port, errors } = await serve(t, { plugin: { source: httpSource({ url: () => url }) } })
  sameBytes(t, await bytesOf(port), CONTENT)
  t.equal(lookups, 3)
  t.strictSame(errors(), [])
})

t.test('a range goes on to its own end', async (t) => {
  const { origin, port } = await servedBy(t, (got, response) => {
    if (got.number > 1) return false
    void begin(got, response, 1000).then(() => setTimeout(() => response.destroy(), 20))
    return true
  })
  sameBytes(t, await bytesOf(port, 'bytes=1000-2999999'), CONTENT.subarray(1000, 3_000_000))
  t.strictSame(origin.ranges, ['bytes=1000-2999999', 'bytes=2000-2999999'])
})

/** What a second request is answered with, in place of the remainder. */
const WRONG_REMAINDERS: Readonly<Record<string, Answer>> = {
  'another tag': (got, response) => {
    const { first, last } = positions(got)
    response.writeHead(206, { etag: '"v2"', 'content-range': `bytes ${first}-${last}/${CONTENT.length}` })
    response.end(CONTENT.subarray(first))
    return true
  },
  'another length': (got, response) => {
    const { first, last } = positions(got)
    response.writeHead(206, { etag: '"v1"', 'content-range': `bytes ${first}-${last}/${CONTENT.length + 1}` })
    response.end(CONTENT.subarray(first))
    return true
  },
  'another range': (_, response) => {
    response.writeHead(206, {
      etag: '"v1"',
      'content-range': `bytes 0-${CONTENT.length - 1}/${CONTENT.length}`,
    })
    response.end(CONTENT)
    return true
  },
  'another coding': (got, response) => {
    response.setHeader('content-encoding', 'gzip')
    void begin(got, response, CONTENT.length)
    return true
  },
  'the whole': (_, response) => {
    const fields = { etag: '"v1"', 'last-modified': LONG_AGO, 'content-length': CONTENT.length }
    response.writeHead(200, fields).end(CONTENT)
    return true
  },
  412: (_, response) => {
    response.writeHead(412).end()
    return true
  },
  416: (_, response) => {
    response.writeHead(416).end()
    return true
  },
  404: (_, response) => {
    response.writeHead(404).end()
    return true
  },
  304: (_, response) => {
    response.writeHead(304).end()
    return true
  },
  'errors only': (_, response) => {
    response.writeHead(503).end()
    return true
  },
}

for (const [name, wrong] of Object.entries(WRONG_REMAINDERS)) {
  t.test(`an answer that would go on with ${name} is cut`, async (t) => {
    const { origin, port } = await servedBy(t, (got, response) => {
      if (got.number > 1) return wrong(got, response)
      void begin(got, response, MIB).then(() => setTimeout(() => response.destroy(), 20))
      return true
    })
    await t.rejects(bytesOf(port))
    t.equal(origin.got.length, name === 'errors only' ? 3 : 2)
  })
}

t.test('a body that is longer than its head says is cut', async (t) => {
  const { port } = await servedBy(t, (got, response) => {
    const { first, last } = positions(got)
    response.writeHead(206, { etag: '"v1"', 'content-range': `bytes ${first}-${last}/${CONTENT.length}` })
    response.end(CONTENT)
    return true
  })
  await t.rejects(bytesOf(port, 'bytes=0-999999'))
})

t.test('a body without a length that is right is served', async (t) => {
  const { port } = await servedBy(t, (got, response) => {
    const { first, last } = positions(got)
    response.writeHead(206, { etag: '"v1"', 'content-range': `bytes ${first}-${last}/${CONTENT.length}` })
    response.end(CONTENT.subarray(first, last + 1))
    return true
  })
  sameBytes(t, await bytesOf(port, 'bytes=0-99999'), CONTENT.subarray(0, 100_000))
})

t.test('an object that changed before the first byte is opened again', async (t) => {
  const { origin, port, errors } = await servedBy(t, (got) => {
    // The last bytes need two requests. The object changes between them.
    if (got.number === 1)
      setImmediate(() =>
        origin.objects.set('/f', { bytes: CONTENT.subarray(0, MIB), etag: '"v2"', lastModified: LONG_AGO }),
      )
    return false
  })
  const answer = await fetch(`http://127.0.0.1:${port}/f`, { headers: { range: 'bytes=-10' } })
  t.equal(answer.status, 206)
  t.equal(answer.headers.get('etag'), '"v2"')
  sameBytes(t, Buffer.from(await answer.arrayBuffer()), CONTENT.subarray(MIB - 10, MIB))
  t.equal(origin.got.length, 5)
  t.strictSame(errors(), [])
})

t.test('an object that always changes is a 500 after three openings', async (t) => {
  const { origin, app } = await servedBy(t, ({ number }) => {
    // Tags of this length are not remembered: each opening has two requests.
    const etag = `"v${number}${'.'.repeat(300)}"`
    origin.objects.set('/f', { bytes: CONTENT, etag, lastModified: LONG_AGO })
    return false
  })
  const answer = await app.inject({ url: '/f', headers: { range: 'bytes=-10' } })
  t.equal(answer.statusCode, 500)
  t.equal(answer.json().code, 'ERR_RANGE_CHANGED')
  t.equal(origin.got.length, 6)
})

t.test('without a validator a break before the first byte is mended, a later one cuts', async (t) => {
  const bytes = CONTENT
  for (const count of [0, MIB]) {
    const { origin, app } = await servedBy(t, (got, response) => {
      if (got.number > 1) return false
      response.writeHead(200, { 'content-length': bytes.length })
      response.flushHeaders()
      response.write(bytes.subarray(0, count))
      setTimeout(() => response.destroy(), 50)
      return true
    })
    origin.objects.set('/f', { bytes })
    if (count > 0) await t.rejects(app.inject('/f'))
    else sameBytes(t, (await app.inject('/f')).rawPayload, bytes)
    t.equal(origin.got.length, count > 0 ? 1 : 2)
  }
})
