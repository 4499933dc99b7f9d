import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type ClientHttp2Stream, connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { CHANNELS, type RangeSource, type SendRangeEvent } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, serveEverything, until } from '../support/serve.ts'

const MIB = 1024 * 1024
const BIG = 12 * MIB
const STALL_MS = 150

/** Collects the responses that were cut while the test runs. */
function abortedDuring(t: Test): SendRangeEvent[] {
  const events: SendRangeEvent[] = []
  const collect = (message: unknown): unknown => events.push(message as SendRangeEvent)
  subscribe(CHANNELS.aborted, collect)
  t.teardown(() => unsubscribe(CHANNELS.aborted, collect))
  return events
}

/** Reads a stream in small steps. Returns the count of its bytes. */
async function readSlowly(stream: ClientHttp2Stream): Promise<number> {
  let length = 0
  try {
    for await (const chunk of stream) {
      length += (chunk as Buffer).length
      await sleep(20)
    }
  } catch {
    // The stream was cut, and its length shows it.
  }
  return length
}

function wrapped(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, _reply, payload) => (payload as Readable).pipe(new PassThrough()))
  serveEverything(app)
}

function slowlySent(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, _reply, payload) => {
    await sleep(1)
    return payload
  })
  serveEverything(app)
}

const STALLS: readonly { name: string; routes: (app: FastifyInstance) => void; asks: readonly string[][] }[] =
  [
    { name: 'a whole file', routes: serveEverything, asks: [[]] },
    { name: 'several parts', routes: serveEverything, asks: [['Range: bytes=0-4999999, 6000000-11000000']] },
    { name: 'a file behind a bare pipe', routes: wrapped, asks: [[]] },
    {
      name: 'small answers that pile up',
      routes: serveEverything,
      asks: Array.from({ length: 300 }, () => ['Range: bytes=0-65000']),
    },
    {
      name: 'small answers that pile up behind a hook that waits',
      routes: slowlySent,
      asks: Array.from({ length: 300 }, () => ['Range: bytes=0-65000']),
    },
  ]

for (const { name, routes, asks } of STALLS) {
  t.test(`a client that stops reading is cut (${name})`, async (t) => {
    const root = t.testdir({ 'f.bin': Buffer.alloc(BIG) })
    const { port, errors } = await serve(t, {
      plugin: { root, stallTimeout: STALL_MS, maxOpenFiles: 0 },
      routes,
    })
    const aborted = abortedDuring(t)
    const client = await RawClient.connect(port)
    for (const lines of asks) client.request('GET', '/f.bin', lines)
    await client.readHead()
    await until(() => aborted.length > 0)
    t.ok((await client.drain()) < BIG)
    await until(() => descriptorsBelow(root) === 0)
    t.strictSame(errors(), [])
  })
}

for (const size of [BIG, 100_000]) {
  t.test(`an HTTP/2 stream that its client does not read is cut (${size} bytes)`, async (t) => {
    const root = t.testdir({ 'f.bin': Buffer.alloc(size) })
    const plugin = { root, stallTimeout: STALL_MS, maxOpenFiles: 0 }
    const { port } = await serve(t, { plugin, server: { http2: true } })
    const aborted = abortedDuring(t)
    const session = connect(`http://127.0.0.1:${port}`)
    const stream = session.request({ ':path': '/f.bin' })
    stream.on('error', () => {})
    await once(stream, 'response')
    await until(() => aborted.length > 0)
    const other = session.request({ ':path': '/f.bin', range: 'bytes=0-3' })
    other.resume()
    const [head] = await once(other, 'response')
    t.equal(head[':status'], 206, 'the other streams of its connection go on')
    session.destroy()
    await until(() => descriptorsBelow(root) === 0)
  })
}

t.test('a client that reads slowly but steadily is not cut', async (t) => {
  const root = t.testdir({ 'f.bin': Buffer.alloc(BIG) })
  const { port } = await serve(t, { plugin: { root, stallTimeout: 500 } })
  const client = await RawClient.connect(port)
  client.request('GET', '/f.bin')
  await client.readHead()
  let length = 0
  for (let count = -1; count !== 0; length += count) {
    count = (await client.readBytes(Math.min(BIG - length, 256 * 1024))).length
    await sleep(25)
  }
  t.equal(length, BIG)
  client.destroy()
})

t.test('an HTTP/2 stream that its client reads slowly but steadily is not cut', async (t) => {
  const root = t.testdir({ 'f.bin': Buffer.alloc(BIG) })
  const { port } = await serve(t, { plugin: { root, stallTimeout: 500 }, server: { http2: true } })
  const session = connect(`http://127.0.0.1:${port}`)
  t.equal(await readSlowly(session.request({ ':path': '/f.bin' })), BIG)
  session.destroy()
})

t.test('a slow source does not count as a client that stalls', async (t) => {
  const source: RangeSource = {
    open: () => ({
      size: 3,
      etag: '"slow"',
      async *read() {
        for (const byte of [1, 2, 3]) {
          await sleep(3 * STALL_MS)
          yield Uint8Array.of(byte)
        }
      },
      close() {},
    }),
  }
  for (const routes of [serveEverything, wrapped]) {
    const { port } = await serve(t, { plugin: { source, stallTimeout: STALL_MS }, routes })
    const client = await RawClient.connect(port)
    const { body } = await client.exchange('GET', '/f.bin')
    t.strictSame([...body], [1, 2, 3], routes.name)
    client.destroy()
  }
})

t.test('the stall limit ends with its answer', async (t) => {
  const root = t.testdir({ 'f.bin': Buffer.alloc(200_000) })
  const routes = (app: FastifyInstance): void => {
    app.get('/late', async () => {
      await sleep(3 * STALL_MS)
      return 'late'
    })
    serveEverything(app)
  }
  const keepAliveTimeout = 200
  const { port } = await serve(t, {
    plugin: { root, stallTimeout: STALL_MS },
    server: { keepAliveTimeout },
    routes,
  })
  await t.test('for another route on the same connection', async (t) => {
    const client = await RawClient.connect(port)
    t.equal((await client.exchange('GET', '/f.bin')).body.length, 200_000)
    t.equal((await client.exchange('GET', '/late')).body.toString(), 'late')
    client.destroy()
  })
  await t.test('for another route that was pipelined behind it', async (t) => {
    const client = await RawClient.connect(port)
    for (const target of ['/f.bin', '/f.bin', '/late']) client.request('GET', target)
    for (const length of [200_000, 200_000, 4]) t.equal((await client.readAnswer('GET')).body.length, length)
    client.destroy()
  })
  await t.test("and the server's own limit for idle connections holds", async (t) => {
    const client = await RawClient.connect(port)
    t.equal((await client.exchange('GET', '/f.bin')).complete, true)
    t.equal(await client.drain(), 0, 'the server ends the idle connection')
  })
})

t.test('the timeout of Fastify for an HTTP/2 session applies too', async (t) => {
  const root = t.testdir({ 'f.bin': Buffer.alloc(200_000) })
  const { app } = await serve(t, {
    plugin: { root },
    server: { http2: true, http2SessionTimeout: 400 } as object,
  })
  const { port } = app.server.address() as AddressInfo
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': '/f.bin' })
  stream.resume()
  await once(stream, 'close')
  await once(session, 'close')
  t.equal(stream.rstCode, 0)
})
