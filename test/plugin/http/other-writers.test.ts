import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { type RangeSource, rangePlugin } from 'fastify-send-range'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { localhostCertificate } from '../support/localhost-certificate.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const CONTENT = numberedLines(300_000)
/** The source holds back this many bytes until the other code has written. */
const LATE_BYTES = 100

/** Gives most of its bytes, and the remainder when the test releases them. */
class PausingSource implements RangeSource {
  #goOn: () => void = () => {}
  readonly #released = new Promise<void>((resolve) => {
    this.#goOn = resolve
  })

  goOn(): void {
    this.#goOn()
  }

  open() {
    return {
      size: CONTENT.length,
      etag: '"v1"',
      read: () => this.#chunks(),
      close() {},
    }
  }

  async *#chunks() {
    for (let at = 0; at < CONTENT.length; at += LATE_BYTES) {
      if (at + LATE_BYTES >= CONTENT.length) await this.#released
      yield CONTENT.subarray(at, at + LATE_BYTES)
    }
  }
}

const JUNK: Readonly<Record<string, string>> = {
  'bytes that are not a request': '\0\x01garbage\r\n\r\n',
  'a head that is too large': `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
  'a request with two lengths': 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
}

interface Kind {
  readonly connect: (port: number) => Promise<RawClient>
  readonly server: FastifyServerOptions & { readonly http2?: boolean; readonly https?: unknown }
}

const KINDS: Readonly<Record<string, Kind>> = {
  'HTTP/1.1': { connect: RawClient.connect, server: {} },
  TLS: { connect: RawClient.connectSecurely, server: { https: localhostCertificate } },
  'HTTP/1.1 beside HTTP/2': {
    connect: RawClient.connectSecurely,
    server: { http2: true, https: { ...localhostCertificate, allowHTTP1: true } },
  },
}

/** Asks for the whole, lets `interrupt` act in the middle of it, and reads what comes. */
async function readInterrupted(
  client: RawClient,
  source: PausingSource,
  interrupt: () => Promise<unknown> | undefined,
) {
  client.request('GET', '/x')
  const head = await client.readHead()
  const first = await client.readBytes(CONTENT.length - 2 * LATE_BYTES)
  await interrupt()
  source.goOn()
  const rest = await client.readBytes(2 * LATE_BYTES)
  const behind = await client.readBytes(1)
  return { status: head.status, body: Buffer.concat([first, rest]), behind }
}

function routesFor(source: RangeSource) {
  return (app: FastifyInstance): void => {
    app.get('/x', (_request, reply) => reply.sendRange('x', { source }))
    app.get('/next', async () => 'next')
  }
}

for (const [kindName, { connect, server }] of Object.entries(KINDS)) {
  for (const [name, junk] of Object.entries(JUNK)) {
    t.test(
      `${kindName}: an answer is cut without foreign text when this comes in the middle: ${name}`,
      async (t) => {
        const source = new PausingSource()
        const files = await serve(t, { server, routes: routesFor(source) })
        const client = await connect(files.port)
        const seen = once(files.app.server, 'clientError')
        const { status, body, behind } = await readInterrupted(client, source, () => {
          client.socket.write(junk, 'latin1')
          return seen
        })
        t.equal(status, 200)
        sameBytes(t, body, CONTENT.subarray(0, body.length), 'every byte is one of the file')
        t.ok(body.length < CONTENT.length, 'the answer is cut')
        t.equal(behind.length, 0)
      },
    )
  }
}

t.test('junk after a complete answer gets its 400', async (t) => {
  const source = new PausingSource()
  source.goOn()
  const files = await serve(t, { routes: routesFor(source) })
  const client = await RawClient.connect(files.port)
  client.request('GET', '/x')
  const { body } = await client.readAnswer('GET')
  sameBytes(t, body, CONTENT)
  client.socket.write('\0junk\r\n\r\n')
  t.equal((await client.readHead()).status, 400)
})

t.test('junk after one of our answers gets a 400 while another answer is pending', async (t) => {
  const source = new PausingSource()
  source.goOn()
  const files = await serve(t, {
    routes(app) {
      routesFor(source)(app)
      app.get('/never', () => new Promise(() => {}))
    },
  })
  const client = await RawClient.connect(files.port)
  client.request('GET', '/x')
  sameBytes(t, (await client.readAnswer('GET')).body, CONTENT)
  client.request('GET', '/never')
  client.socket.write('\0junk\r\n\r\n')
  t.equal((await client.readHead()).status, 400)
})

t.test(
  'a clientErrorHandler of the application is called, with a destroyed socket during an answer',
  async (t) => {
    const calls: string[] = []
    const source = new PausingSource()
    const files = await serve(t, {
      server: {
        clientErrorHandler(_error, socket) {
          calls.push(socket.destroyed ? 'destroyed' : 'open')
          socket.end('HTTP/1.1 418 Mine\r\n\r\n')
        },
      },
      routes: routesFor(source),
    })
    const client = await RawClient.connect(files.port)
    const seen = once(files.app.server, 'clientError')
    const { body } = await readInterrupted(client, source, () => {
      client.socket.write('\0junk\r\n\r\n')
      return seen
    })
    sameBytes(t, body, CONTENT.subarray(0, body.length))
    const other = await RawClient.connect(files.port)
    other.socket.write('\0junk\r\n\r\n')
    t.equal((await other.readHead()).status, 418)
    t.strictSame(calls, ['destroyed', 'open'])
  },
)

t.test('several registrations and answers add one listener', async (t) => {
  const source = new PausingSource()
  source.goOn()
  const { app, port } = await serve(t, {
    async routes(app) {
      routesFor(source)(app)
      await app.register(async (inner) => {
        await inner.register(rangePlugin)
        inner.get('/inner', (_request, reply) => reply.sendRange('x', { source }))
      })
    },
  })
  const before = app.server.listenerCount('clientError')
  const client = await RawClient.connect(port)
  for (const target of ['/x', '/inner', '/x']) {
    client.request('GET', target)
    sameBytes(t, (await client.readAnswer('GET')).body, CONTENT)
  }
  t.equal(app.server.listenerCount('clientError'), before + 1)
  t.equal(app.server.listenerCount('upgrade'), 0, 'requests to upgrade stay requests without a listener')
  client.request('GET', '/next', ['Connection: Upgrade', 'Upgrade: websocket'])
  t.equal((await client.readAnswer('GET')).body.toString(), 'next')
})

for (const [event, request] of [
  ['upgrade', 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['connect', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
] as const) {
  t.test(`the text of a listener of ${event} is in no answer, and reaches other connections`, async (t) => {
    const source = new PausingSource()
    const { app, port } = await serve(t, { routes: routesFor(source) })
    app.server.on(event, (_request: IncomingMessage, socket: Duplex) => {
      socket.resume().end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
      app.server.emit('written')
    })
    const client = await RawClient.connect(port)
    const seen = once(app.server, 'written')
    const { body } = await readInterrupted(client, source, () => {
      client.socket.write(request)
      return seen
    })
    sameBytes(t, body, CONTENT.subarray(0, body.length))
    t.ok(body.length < CONTENT.length)
    const other = await RawClient.connect(port)
    other.socket.write(request)
    t.equal((await other.readHead()).status, 101)
    other.destroy()
  })
}

const AFTER_TIMEOUT: Readonly<Record<string, (socket: Socket) => unknown>> = {
  writes: (socket) => socket.write('HTTP/1.1 408 Mine\r\n\r\n'),
  'writes and ends': (socket) => socket.end('HTTP/1.1 408 Mine\r\n\r\n'),
}

for (const [kindName, { connect, server }] of Object.entries(KINDS)) {
  for (const [name, act] of Object.entries(AFTER_TIMEOUT)) {
    t.test(`${kindName}: the text of a listener of timeout is in no answer (it ${name})`, async (t) => {
      const source = new PausingSource()
      const { app, port } = await serve(t, { server, routes: routesFor(source) })
      app.server.on('timeout', act)
      const sockets: Socket[] = []
      app.server.on(kindName === 'HTTP/1.1' ? 'connection' : 'secureConnection', (socket: Socket) =>
        sockets.push(socket),
      )
      const client = await connect(port)
      const { body, behind } = await readInterrupted(client, source, async () => {
        for (const socket of sockets) app.server.emit('timeout', socket)
      })
      sameBytes(t, body, CONTENT.subarray(0, body.length), 'every byte is one of the file')
      t.ok(body.length < CONTENT.length, 'the answer is cut')
      t.equal(behind.length, 0)
      client.destroy()
    })
  }
}

t.test('a listener of timeout that writes nothing cuts nothing', async (t) => {
  const source = new PausingSource()
  const { app, port } = await serve(t, { routes: routesFor(source) })
  let calls = 0
  app.server.on('timeout', () => calls++)
  const connected = once(app.server, 'connection')
  const client = await RawClient.connect(port)
  const [socket] = await connected
  client.request('GET', '/x')
  await client.readHead()
  const first = await client.readBytes(CONTENT.length - 2 * LATE_BYTES)
  app.server.emit('timeout', socket)
  source.goOn()
  sameBytes(t, Buffer.concat([first, await client.readBytes(2 * LATE_BYTES)]), CONTENT)
  t.equal((await client.exchange('GET', '/next')).body.toString(), 'next')
  t.equal(calls, 1)
})

t.test('an answer is cut without a 408 in it when the next request does not end in time', async (t) => {
  const source = new PausingSource()
  const files = await serve(t, {
    server: { http: { headersTimeout: 50, connectionsCheckingInterval: 20 } } as FastifyServerOptions,
    routes: routesFor(source),
  })
  const client = await RawClient.connect(files.port)
  const seen = once(files.app.server, 'clientError')
  const { body } = await readInterrupted(client, source, () => {
    client.socket.write('GET /next HTT')
    return seen
  })
  sameBytes(t, body, CONTENT.subarray(0, body.length))
  t.ok(body.length < CONTENT.length)
})

t.test('an answer of a server without a listener is cut by Node itself', async (t) => {
  const source = new PausingSource()
  const app = Fastify()
  await app.register(rangePlugin)
  routesFor(source)(app)
  await app.ready()
  const server = createServer((request, response) => app.routing(request, response))
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const connected = once(server, 'connection')
  const client = await RawClient.connect((server.address() as AddressInfo).port)
  const [socket] = (await connected) as [Socket]
  const { body } = await readInterrupted(client, source, () => {
    client.socket.write('\0junk\r\n\r\n')
    return new Promise((resolve) => socket.once('close', resolve))
  })
  sameBytes(t, body, CONTENT.subarray(0, body.length))
  t.ok(body.length < CONTENT.length)
  t.equal(server.listenerCount('clientError'), 0)
})
