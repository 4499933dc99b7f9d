import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { truncate } from 'node:fs/promises'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { CHANNELS, type SendRangeEvent } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from './support/raw-client.ts'
import { serve, until } from './support/serve.ts'

const BIG = 12 * 1024 * 1024

interface Published {
  readonly outcome: 'served' | 'aborted'
  readonly event: SendRangeEvent
}

/** Every event while the test runs. */
function listen(t: Test): Published[] {
  const published: Published[] = []
  for (const outcome of ['served', 'aborted'] as const) {
    const collect = (message: unknown): unknown =>
      published.push({ outcome, event: message as SendRangeEvent })
    subscribe(CHANNELS[outcome], collect)
    t.teardown(() => unsubscribe(CHANNELS[outcome], collect))
  }
  return published
}

function only(published: readonly Published[]): Published {
  const [first] = published
  if (first === undefined) throw new Error('There is no event')
  return first
}

interface Row {
  readonly name: string
  readonly method?: string
  readonly target?: string
  readonly lines?: readonly string[]
  readonly status: number
  readonly ranges?: SendRangeEvent['ranges']
  /** Of the representation; undefined: those of the body that came. */
  readonly bytesSent?: number
}

const ROWS: readonly Row[] = [
  { name: 'a whole file', status: 200, bytesSent: BIG },
  { name: 'a small file', target: '/small.txt', status: 200, bytesSent: 10 },
  { name: 'an empty file', target: '/empty', status: 200, bytesSent: 0 },
  { name: 'a part', lines: ['Range: bytes=5-9'], status: 206, ranges: [{ first: 5, last: 9 }], bytesSent: 5 },
  {
    name: 'a large part',
    lines: ['Range: bytes=-5000000'],
    status: 206,
    ranges: [{ first: BIG - 5_000_000, last: BIG - 1 }],
    bytesSent: 5_000_000,
  },
  {
    name: 'several parts, in the order sent',
    lines: ['Range: bytes=100-199, 0-0'],
    status: 206,
    ranges: [
      { first: 100, last: 199 },
      { first: 0, last: 0 },
    ],
  },
  { name: 'HEAD', method: 'HEAD', lines: ['Range: bytes=5-9'], status: 200, bytesSent: 0 },
  { name: 'not modified', lines: ['If-None-Match: *'], status: 304, bytesSent: 0 },
  { name: 'precondition failed', lines: ['If-Match: "x"'], status: 412, bytesSent: 0 },
  { name: 'unsatisfiable', lines: [`Range: bytes=${BIG}-`], status: 416, bytesSent: 0 },
  { name: 'absent', target: '/absent', status: 404, bytesSent: 0 },
]

t.test('each answer publishes one event', async (t) => {
  const root = t.testdir({ 'big.bin': Buffer.alloc(BIG), 'small.txt': '0123456789', empty: '' })
  const published = listen(t)
  const { port, log } = await serve(t, { plugin: { root } })
  const client = await RawClient.connect(port)
  for (const { name, method = 'GET', target = '/big.bin', lines, status, ranges = [], bytesSent } of ROWS) {
    published.length = 0
    const { body } = await client.exchange(method, target, lines)
    await until(() => published.length > 0)
    t.equal(published.length, 1, name)
    const { outcome, event } = only(published)
    t.equal(outcome, 'served', name)
    t.equal(event.status, status, name)
    t.strictSame(event.ranges, ranges, name)
    t.equal(event.bytesSent, bytesSent ?? body.length, name)
    t.equal(event.path, target.slice(1), name)
    t.equal(event.request.url, target, name)
    t.equal(event.reply.statusCode, status, name)
    t.ok(event.durationMs > 0 && event.durationMs < 60_000, name)
  }
  client.destroy()
  t.equal(
    log.filter(({ msg }) => msg === 'range response served').length,
    ROWS.length,
    'and one line at debug',
  )
})

t.test('an answer that is cut is published as aborted', async (t) => {
  const root = t.testdir({ 'big.bin': Buffer.alloc(BIG) })
  const published = listen(t)
  const { port, errors } = await serve(t, { plugin: { root, stallTimeout: 200 } })
  const path = join(root, 'big.bin')
  for (const { name, during } of [
    { name: 'the client leaves', during: (client: RawClient) => client.destroy() },
    { name: 'the client stops reading', during: () => {} },
    {
      name: 'the file shrinks',
      during: async (client: RawClient) => {
        await truncate(path, 100)
        await client.drain()
      },
    },
  ]) {
    published.length = 0
    const client = await RawClient.connect(port)
    client.request('GET', '/big.bin', ['Range: bytes=10-'])
    await client.readHead()
    const { length } = await client.readBytes(100_000)
    await during(client)
    await until(() => published.length > 0)
    const { outcome, event } = only(published)
    t.equal(outcome, 'aborted', name)
    t.equal(event.status, 206, name)
    t.strictSame(event.ranges, [{ first: 10, last: BIG - 1 }], name)
    t.ok(event.bytesSent >= length && event.bytesSent < BIG, `${name}: ${event.bytesSent} bytes`)
    client.destroy()
    t.equal(published.length, 1, `${name}: once`)
  }
  t.strictSame(errors(), [])
})

t.test('an answer over HTTP/2 publishes one event, served or aborted', async (t) => {
  const root = t.testdir({ 'big.bin': Buffer.alloc(1_000_000) })
  const published = listen(t)
  const { port } = await serve(t, { plugin: { root }, server: { http2: true } })
  const session = connect(`http://127.0.0.1:${port}`)
  for (const { name, headers, outcome, status } of [
    { name: 'to its end', headers: {}, outcome: 'served', status: 200 },
    { name: 'a part', headers: { range: 'bytes=0-4' }, outcome: 'served', status: 206 },
    { name: 'reset', headers: {}, outcome: 'aborted', status: 200 },
  ]) {
    published.length = 0
    const stream = session.request({ ':path': '/big.bin', ...headers })
    stream.on('error', () => {})
    if (outcome === 'aborted') stream.once('data', () => stream.close(8))
    else stream.resume()
    await new Promise((resolve) => stream.once('close', resolve))
    await until(() => published.length > 0)
    t.equal(published[0]?.outcome, outcome, name)
    t.equal(published[0]?.event.status, status, name)
    if (name === 'to its end') t.equal(published[0]?.event.bytesSent, 1_000_000)
    if (name === 'reset') t.ok(Number(published[0]?.event.bytesSent) < 1_000_000)
  }
  session.destroy()
})

t.test('a source that fails before its first byte is published with status 500 and no ranges', async (t) => {
  const published = listen(t)
  const source = {
    open: () => ({
      size: 100,
      *read(): Generator<Uint8Array> {
        yield new Uint8Array(0)
        throw new Error('the source broke')
      },
      close() {},
    }),
  }
  const { app } = await serve(t, { plugin: { source } })
  await app.inject({ url: '/x', headers: { range: 'bytes=0-9' } })
  await until(() => published.length > 0)
  t.equal(published[0]?.event.status, 500)
  t.strictSame(published[0]?.event.ranges, [], 'ranges are those of a 206')
})

t.test('an answer without subscribers publishes nothing and succeeds', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const { app } = await serve(t, { plugin: { root }, server: { logger: false } })
  t.equal((await app.inject('/f.txt')).statusCode, 200)
})

t.test('every answer of inject is published as served, with its status and bytes', async (t) => {
  const root = t.testdir({ 'big.bin': Buffer.alloc(BIG), 'small.txt': '0123456789' })
  const published = listen(t)
  const { app } = await serve(t, { plugin: { root } })
  for (const { url, method = 'GET', headers = {}, status, bytesSent } of [
    { url: '/small.txt', status: 200, bytesSent: 10 },
    { url: '/big.bin', status: 200, bytesSent: BIG },
    { url: '/big.bin', headers: { range: 'bytes=5-9' }, status: 206, bytesSent: 5 },
    { url: '/big.bin', method: 'HEAD', status: 200, bytesSent: 0 },
    { url: '/big.bin', headers: { 'if-none-match': '*' }, status: 304, bytesSent: 0 },
    { url: '/big.bin', headers: { 'if-match': '"x"' }, status: 412, bytesSent: 0 },
    { url: '/absent', status: 404, bytesSent: 0 },
  ] as const) {
    for (const payloadAsStream of [false, true]) {
      published.length = 0
      const answer = await app.inject({ url, method, headers, payloadAsStream } as {
        url: string
        payloadAsStream: true
      })
      for await (const _chunk of answer.stream()) {
      }
      await until(() => published.length > 0)
      const { outcome, event } = only(published)
      t.equal(outcome, 'served', `${method} ${url} ${status}, payloadAsStream ${payloadAsStream}`)
      t.equal(event.status, status)
      t.equal(event.bytesSent, bytesSent)
      t.equal(published.length, 1)
    }
  }
})

t.test('an inject that is given up is published as aborted', async (t) => {
  const root = t.testdir({ 'big.bin': Buffer.alloc(BIG) })
  const published = listen(t)
  const { app } = await serve(t, { plugin: { root } })
  const controller = new AbortController()
  const answer = await app.inject({ url: '/big.bin', payloadAsStream: true, signal: controller.signal })
  answer.stream().on('error', () => {})
  controller.abort()
  await until(() => published.length > 0)
  t.equal(only(published).outcome, 'aborted')
})

t.test('onEnd is called once with what the channels publish, for each answer', async (t) => {
  const root = t.testdir({ 'a.txt': '0123456789' })
  const published = listen(t)
  const events: SendRangeEvent[] = []
  const { app, port } = await serve(t, { plugin: { root, onEnd: (event) => events.push(event) } })
  const client = await RawClient.connect(port)
  await client.exchange('GET', '/a.txt', ['Range: bytes=2-4'])
  await client.exchange('GET', '/none.txt')
  await app.inject('/a.txt')
  await until(() => events.length === 3)
  t.match(events, [
    { outcome: 'served', path: 'a.txt', status: 206, ranges: [{ first: 2, last: 4 }], bytesSent: 3 },
    { outcome: 'served', path: 'none.txt', status: 404, ranges: [], bytesSent: 0 },
    { outcome: 'served', path: 'a.txt', status: 200, bytesSent: 10 },
  ])
  t.equal(events[0], published[0]?.event)
})

t.test('onEnd says that a client has left', async (t) => {
  const root = t.testdir({ 'big.bin': Buffer.alloc(BIG) })
  const events: SendRangeEvent[] = []
  const { port } = await serve(t, { plugin: { root, onEnd: (event) => events.push(event) } })
  const client = await RawClient.connect(port)
  client.request('GET', '/big.bin')
  await client.readHead()
  client.destroy()
  await until(() => events.length === 1)
  t.equal(events[0]?.outcome, 'aborted')
  t.ok((events[0]?.bytesSent ?? BIG) < BIG)
})

t.test('an onEnd that fails is a line in the log, and nothing else', async (t) => {
  const root = t.testdir({ 'a.txt': 'a' })
  let calls = 0
  const failures = [
    () => {
      throw new Error('of the listener')
    },
    async () => Promise.reject(new Error('of the listener')),
  ]
  const { app, errors } = await serve(t, {
    plugin: { root },
    routes: (app) =>
      app.get('/', (_request, reply) => reply.sendRange('a.txt', { onEnd: () => failures[calls++]?.() })),
  })
  for (const _ of failures) t.equal((await app.inject('/')).body, 'a')
  await until(() => errors().length === 2)
  for (const { err, msg } of errors()) {
    t.equal(err?.code, 'ERR_RANGE_OPTION')
    t.equal(msg, 'The onEnd function failed')
  }
})

t.test('a second call on the reply continues the event of the first', async (t) => {
  const root = t.testdir({ 'index.html': 'home' })
  const published = listen(t)
  const ended: string[] = []
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) =>
      app.get('/', (_request, reply) =>
        reply.sendRange('none.txt', {
          onEnd: ({ path, bytesSent }) => ended.push(`${path} ${bytesSent}`),
          onNotFound: () => reply.sendRange('index.html'),
        }),
      ),
  })
  t.equal((await app.inject('/')).body, 'home')
  await until(() => ended.length > 0)
  t.strictSame(ended, ['index.html 4'])
  t.match(published, [{ outcome: 'served', event: { path: 'index.html', status: 200, bytesSent: 4 } }])
})
