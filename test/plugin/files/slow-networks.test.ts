import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { CHANNELS } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { localhostCertificate } from '../support/localhost-certificate.ts'
import { serve, until } from '../support/serve.ts'

const MIB = 1024 * 1024
const STALL_MS = 2000
/** 256 KiB a second. To move at all with a full send buffer, Node alone needs to see 1.4 MB taken within the limit. */
const STEP = { bytes: 64 * 1024, ms: 250 }
const STEPS = 32
const WIDE_WINDOW = 64 * MIB

interface SlowNetwork {
  readonly port: number
  /** From now on nothing is carried. */
  stop(): void
  /** Both ends learn that it is gone. */
  close(): void
}

/** A network in the direction of the client that carries little: what it does not carry waits with the server. */
async function slowNetwork(t: Test, port: number): Promise<SlowNetwork> {
  let isOpen = true
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    sockets.push(client, upstream)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.pipe(upstream)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    const carry = setInterval(() => {
      if (!isOpen) return
      const bytes: Buffer | null = upstream.read(Math.min(STEP.bytes, Math.max(1, upstream.readableLength)))
      if (bytes !== null) client.write(bytes)
    }, STEP.ms)
    upstream.on('close', () => clearInterval(carry))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      isOpen = false
    },
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Asks for the file and gives the stream of what comes. */
type Ask = (t: Test, port: number) => Readable

const REQUEST = 'GET /f.bin HTTP/1.1\r\nHost: localhost\r\n\r\n'

function ask2(t: Test, port: number): Readable {
  const session: ClientHttp2Session = connectHttp2(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    settings: { initialWindowSize: WIDE_WINDOW },
  })
  session.on('error', () => {})
  // The window of the session too, so that the network is what holds the bytes back.
  session.once('connect', () => session.setLocalWindowSize(WIDE_WINDOW))
  t.teardown(() => session.destroy())
  return session.request({ ':path': '/f.bin' })
}

const KINDS: readonly { name: string; server: object; ask: Ask }[] = [
  {
    name: 'HTTP/1.1',
    server: {},
    ask(t, port) {
      const socket = connect(port, '127.0.0.1')
      t.teardown(() => socket.destroy())
      socket.write(REQUEST)
      return socket
    },
  },
  {
    name: 'TLS',
    server: { https: localhostCertificate },
    ask(t, port) {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      t.teardown(() => socket.destroy())
      socket.write(REQUEST)
      return socket
    },
  },
  { name: 'HTTP/2', server: { https: localhostCertificate, http2: true }, ask: ask2 },
]

for (const { name, server, ask } of KINDS) {
  const skip = process.platform !== 'linux' && 'only Linux reports what the other end acknowledged'
  t.test(
    `a client behind a slow network is served, and behind a dead one cut (${name})`,
    { skip },
    async (t) => {
      const root = t.testdir({ 'f.bin': Buffer.alloc(64 * MIB) })
      const { port } = await serve(t, { plugin: { root, stallTimeout: STALL_MS }, server })
      let aborted = 0
      const count = (): unknown => aborted++
      subscribe(CHANNELS.aborted, count)
      t.teardown(() => unsubscribe(CHANNELS.aborted, count))
      const network = await slowNetwork(t, port)
      const body = ask(t, network.port)
      body.on('error', () => {})
      let received = 0
      body.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      let before = 0
      for (let step = 0; step < STEPS; step++) {
        await sleep(STEP.ms)
        if (step % 8 !== 7) continue
        t.equal(aborted, 0, `${step + 1} steps`)
        t.ok(received > before, `${received} bytes`)
        before = received
      }
      network.stop()
      await until(() => aborted === 1)
      network.close()
    },
  )
}
