import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createConnection } from 'node:net'
import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { serve, until } from '../support/serve.ts'
import { type Answer, distinctBytes, type Got, LONG_AGO, Origin } from './support/origin.ts'

// A range that is short enough is read into memory of its answer, and goes out with the head in one write.

const SIZE = 300_000
const CONTENT = distinctBytes(SIZE)
const NEW_CONTENT = distinctBytes(SIZE).map((byte) => byte ^ 0xff) as Buffer
const RANGE = { first: 1000, last: 60_999 }
const RANGE_FIELD = `bytes=${RANGE.first}-${RANGE.last}`

async function servedBy(t: Test, answer: Answer, options: Parameters<typeof serve>[1] = {}) {
  const origin = await Origin.start(t, answer)
  origin.objects.set('/f', { bytes: CONTENT, etag: '"v1"', lastModified: LONG_AGO })
  const url = (path: string): string => `${origin.url}/${path}`
  const source = httpSource({ url, retries: 2, stallTimeout: 300 })
  return { origin, ...(await serve(t, { ...options, plugin: { source } })) }
}

/** Begins the right answer to a range, and writes this many bytes of it. */
function begin(got: Got, response: ServerResponse, count: number): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(got.headers.range ?? '') ?? []
  const [first, last] = [Number(from), Number(to)]
  response.writeHead(206, {
    etag: '"v1"',
    'content-length': last - first + 1,
    'content-range': `bytes ${first}-${last}/${SIZE}`,
  })
  response.write(CONTENT.subarray(first, first + count))
}

async function rangeOf(port: number): Promise<{ readonly head: Response; readonly bytes: Buffer }> {
  const head = await fetch(`http://127.0.0.1:${port}/f`, { headers: { range: RANGE_FIELD } })
  return { head, bytes: Buffer.from(await head.arrayBuffer()) }
}

for (const [name, interrupt] of Object.entries({
  'is reset': (response: ServerResponse) => response.socket?.resetAndDestroy(),
  'ends early': (response: ServerResponse) => response.socket?.end(),
  stalls: () => {},
})) {
  for (const count of [0, 1, 59_999]) {
    t.test(`when the connection ${name} after ${count} bytes, the range goes on from there`, async (t) => {
      const { origin, port, errors } = await servedBy(t, (got, response) => {
        if (got.number > 1) return false
        begin(got, response, count)
        setTimeout(() => interrupt(response), 50)
        return true
      })
      const { head, bytes } = await rangeOf(port)
      t.equal(head.status, 206)
      t.equal(head.headers.get('etag'), '"v1"')
      sameBytes(t, bytes, CONTENT.subarray(RANGE.first, RANGE.last + 1))
      t.equal(origin.got.at(1)?.headers['if-match'], '"v1"')
      t.strictSame(errors(), [])
    })
  }
}

t.test('bytes that come in small pieces are joined in order', async (t) => {
  const { port } = await servedBy(t, (got, response) => {
    begin(got, response, 1)
    let at = RANGE.first + 1
    const timer = setInterval(() => {
      const end = Math.min(at + 7001, RANGE.last + 1)
      response.write(CONTENT.subarray(at, end))
      at = end
      if (at <= RANGE.last) return
      clearInterval(timer)
      response.end()
    }, 5)
    return true
  })
  sameBytes(t, (await rangeOf(port)).bytes, CONTENT.subarray(RANGE.first, RANGE.last + 1))
})

t.test('a version that changes before the last byte is not mixed with the next one', async (t) => {
  const { origin, port } = await servedBy(t, (got, response) => {
    if (got.number > 1) return false
    begin(got, response, 30_000)
    setTimeout(() => {
      origin.objects.set('/f', { bytes: NEW_CONTENT, etag: '"v2"', lastModified: LONG_AGO })
      response.destroy()
    }, 50)
    return true
  })
  const { head, bytes } = await rangeOf(port)
  t.equal(head.status, 206)
  t.equal(head.headers.get('etag'), '"v2"')
  sameBytes(t, bytes, NEW_CONTENT.subarray(RANGE.first, RANGE.last + 1))
})

t.test('if no try brings all bytes, the answer is an error and no part of the range', async (t) => {
  const { port } = await servedBy(t, (got, response) => {
    begin(got, response, 0)
    setTimeout(() => response.destroy(), 10)
    return true
  })
  const { head, bytes } = await rangeOf(port)
  t.equal(head.status, 503)
  t.ok(Number(head.headers.get('retry-after')) >= 1)
  t.equal(head.headers.get('content-range'), null)
  t.equal(JSON.parse(bytes.toString()).code, 'ERR_RANGE_OVERLOADED')
})

t.test('more bytes than the range are a fault', async (t) => {
  const { port, errors } = await servedBy(t, (_, response) => {
    response.writeHead(206, {
      etag: '"v1"',
      'content-range': `bytes ${RANGE.first}-${RANGE.last}/${SIZE}`,
    })
    response.end(CONTENT)
    return true
  })
  t.equal((await rangeOf(port)).head.status, 502)
  t.equal(errors().length, 1)
})

t.test('when the client leaves before the bytes have come, the request to the origin ends', async (t) => {
  const { origin, port, errors } = await servedBy(t, (got, response) => {
    begin(got, response, 30_000)
    return true
  })
  const client = createConnection({ port, host: '127.0.0.1' })
  client.write(`GET /f HTTP/1.1\r\nHost: localhost\r\nRange: ${RANGE_FIELD}\r\n\r\n`)
  await until(() => origin.got.length === 1)
  client.destroy()
  await until(() => origin.sockets.size === 0)
  t.equal(origin.got.length, 1)
  t.strictSame(errors(), [])
})

t.test('an onSend hook gets a short range as one Buffer that is its own', async (t) => {
  const payloads: unknown[] = []
  const { port } = await servedBy(t, () => false, {
    routes: (app) => {
      app.addHook('onSend', async (_request, _reply, payload) => {
        payloads.push(payload)
        return payload
      })
      app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
    },
  })
  const answers = await Promise.all(Array.from({ length: 8 }, () => rangeOf(port)))
  for (const { bytes } of answers) sameBytes(t, bytes, CONTENT.subarray(RANGE.first, RANGE.last + 1))
  const memories = new Set(payloads.map((payload) => (payload as Buffer).buffer))
  t.equal(memories.size, 8)
  for (const payload of payloads) {
    t.type(payload, Buffer)
    t.equal((payload as Buffer).buffer.byteLength, RANGE.last + 1 - RANGE.first)
  }
})

t.test('bytes of one answer are not in the next one on the same connection', async (t) => {
  const { port } = await servedBy(t, () => false)
  const client = createConnection({ port, host: '127.0.0.1' })
  const received: Buffer[] = []
  client.on('data', (chunk) => received.push(chunk))
  const ranges = Array.from({ length: 40 }, (_, index) => ({
    first: index * 6000,
    last: index * 6000 + 5999,
  }))
  for (const { first, last } of ranges)
    client.write(`GET /f HTTP/1.1\r\nHost: localhost\r\nRange: bytes=${first}-${last}\r\n\r\n`)
  client.write('GET /f HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0\r\nConnection: close\r\n\r\n')
  await once(client, 'close')
  let left = Buffer.concat(received)
  for (const { first, last } of ranges) {
    const start = left.indexOf('\r\n\r\n') + 4
    t.match(left.subarray(0, start).toString('latin1'), `bytes ${first}-${last}/${SIZE}`)
    sameBytes(t, left.subarray(start, start + 6000), CONTENT.subarray(first, last + 1))
    left = left.subarray(start + 6000)
  }
})
