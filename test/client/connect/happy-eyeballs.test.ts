// A host with several addresses (RFC 8305): one address that answers is enough.
import dns, { type LookupAddress } from 'node:dns'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type AddressAndPort, connectToHost } from '#client/connect/happy-eyeballs.js'
import { freePort } from '../../support/free-port.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { startProxy, tunnel } from '../support/proxy.ts'
import { get, readOrNull } from '../support/run.ts'
import { startStopped } from '../support/stopped-server.ts'
import { startTlsOrigin } from '../support/tls-origin.ts'

const CONTENT = makeContent(300_000)
const HOST = 'several.test'

const lookup = dns.lookup
t.teardown(() => {
  dns.lookup = lookup
})
let lookedUp: string[] = []

/** Gives {@link HOST} these addresses. */
function resolveTo(...addresses: readonly string[]): void {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  type Callback = (error: Error | null, found: LookupAddress[]) => void
  const fake = (name: string, options: dns.LookupAllOptions, callback: Callback): void => {
    lookedUp.push(name)
    if (name === HOST) setImmediate(callback, null, found)
    else lookup(name, options, callback)
  }
  dns.lookup = fake as unknown as typeof dns.lookup
}

/** Addresses whose names say what they do: connect, fail at once, or stay silent. */
class Network {
  readonly tried: string[] = []
  readonly sockets: Socket[] = []
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  readonly open = ({ host }: AddressAndPort): Socket => {
    this.tried.push(host)
    const socket = /good/.test(host) ? connect(this.#port, '127.0.0.1') : new Socket()
    if (/dead/.test(host)) setImmediate(() => socket.destroy(new Error(`${host} is dead`)))
    this.sockets.push(socket)
    return socket
  }
}

async function listen(t: Test): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

for (const [addresses, tried] of [
  [['good'], ['good']],
  [
    ['dead1', 'dead2', 'good'],
    ['dead1', 'dead2', 'good'],
  ],
  [
    ['silent1', 'silent2', 'good'],
    ['silent1', 'silent2', 'good'],
  ],
  [
    ['silent', 'dead', 'good', 'never'],
    ['silent', 'dead', 'good'],
  ],
  [
    ['dead1', 'dead2', ':dead3', ':good', 'dead4'],
    ['dead1', ':dead3', 'dead2', ':good'],
  ],
  [
    [':silent1', ':silent2', ':silent3', 'good'],
    [':silent1', 'good'],
  ],
] as const) {
  t.test(`a host is connected over the first address that answers (${addresses.join(', ')})`, async (t) => {
    resolveTo(...addresses)
    const network = new Network(await listen(t))
    const socket = await connectToHost({
      host: HOST,
      port: 1,
      signal: AbortSignal.timeout(10_000),
      open: network.open,
    })
    t.teardown(() => socket.destroy())
    t.strictSame(network.tried, tried, 'in this order')
    t.equal(socket, network.sockets.at(-1))
    for (const loser of network.sockets.slice(0, -1)) t.ok(loser.destroyed, 'the other attempts are ended')
  })
}

t.test('the first address still connects if it answers late and all others are dead', async (t) => {
  resolveTo('late', 'dead1', 'silent', 'dead2')
  const port = await listen(t)
  const late = new Socket()
  const { open, sockets } = new Network(port)
  setTimeout(() => late.connect(port, '127.0.0.1'), 900)
  const socket = await connectToHost({
    host: HOST,
    port: 1,
    signal: AbortSignal.timeout(10_000),
    open: (to) => (to.host === 'late' ? late : open(to)),
  })
  t.teardown(() => socket.destroy())
  t.equal(socket, late)
  t.equal(sockets.length, 3)
  for (const loser of sockets) t.ok(loser.destroyed)
})

t.test('the failure of the first address is reported if all addresses are dead', async (t) => {
  resolveTo('dead1', ':dead2', 'dead3')
  const { open, tried } = new Network(0)
  const signal = AbortSignal.timeout(10_000)
  await t.rejects(connectToHost({ host: HOST, port: 1, signal, open }), { message: 'dead1 is dead' })
  t.equal(tried.length, 3)
})

t.test('a host without an address is an error', async (t) => {
  resolveTo()
  await t.rejects(connectToHost({ host: HOST, port: 1, signal: AbortSignal.timeout(10_000) }), /no address/)
})

t.test('an abort ends the attempts and the look-up', async (t) => {
  resolveTo('silent1', 'silent2', 'silent3')
  const { open, sockets } = new Network(0)
  const stop = new AbortController()
  const connecting = connectToHost({ host: HOST, port: 1, signal: stop.signal, open })
  await sleep(250)
  stop.abort(new Error('enough'))
  await t.rejects(connecting, { message: 'enough' })
  t.ok(sockets.length > 0)
  for (const socket of sockets) t.ok(socket.destroyed)
  const count = sockets.length
  await sleep(300)
  t.equal(sockets.length, count, 'no further attempt')

  dns.lookup = (() => undefined) as unknown as typeof dns.lookup
  const again = new AbortController()
  const waiting = connectToHost({ host: HOST, port: 1, signal: again.signal, open })
  setImmediate(() => again.abort(new Error('enough again')))
  await t.rejects(waiting, { message: 'enough again' })
})

t.test('an address is not looked up', async (t) => {
  resolveTo()
  lookedUp = []
  for (const host of ['127.0.0.1', '::1']) {
    const { open, tried } = new Network(0)
    const connecting = connectToHost({ host, port: 1, signal: AbortSignal.timeout(50), open })
    await t.rejects(connecting)
    t.strictSame(tried, [host])
    t.strictSame(lookedUp, [])
  }
})

async function startServer(t: Test): Promise<number> {
  const server = await startHostile(honest(resource(CONTENT)))
  t.teardown(() => server.stop())
  return Number(new URL(server.url).port)
}

// All of 127.0.0.0/8 is this machine on Linux only.
const skip = process.platform !== 'linux' && 'other addresses of the loopback are needed'

t.test('a download succeeds if the first address of the host is silent', { skip }, async (t) => {
  const port = await startServer(t)
  await startStopped(t, { host: '127.0.0.2', port }, { host: '127.0.0.1', port })
  resolveTo('127.0.0.2', '127.0.0.4', '::1', '127.0.0.1')
  const end = await get(`http://${HOST}:${port}/file.bin`, t.testdir({}), {
    retries: 0,
    connectTimeout: 5000,
  })
  sameBytes(t, end.file, CONTENT, end.message)
})

t.test(
  'a download succeeds if the first address of the host is slow and the others are dead',
  { skip },
  async (t) => {
    const port = await startServer(t)
    const other = await freePort()
    const slow = await startStopped(t, { host: '127.0.0.2', port: other }, { host: '127.0.0.1', port })
    resolveTo('127.0.0.2', '127.0.0.4', '127.0.0.5')
    setTimeout(() => slow.goOn(), 700)
    const end = await get(`http://${HOST}:${other}/file.bin`, t.testdir({}), {
      retries: 0,
      connectTimeout: 30_000,
      stallTimeout: 30_000,
    })
    sameBytes(t, end.file, CONTENT, end.message)
  },
)

t.test('a download fails if no address connects within the timeout', { skip }, async (t) => {
  const port = await freePort()
  await startStopped(t, { host: '127.0.0.2', port }, { host: '127.0.0.1', port })
  resolveTo('127.0.0.2', '127.0.0.4')
  const end = await get(`http://${HOST}:${port}/file.bin`, t.testdir({}), { retries: 0, connectTimeout: 400 })
  t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
  t.equal(end.message, 'no connection within 0.4 s')
})

t.test(
  'a download over TLS succeeds if the host or its proxy has several addresses',
  { skip: skip || withoutOpenssl() },
  async (t) => {
    const dir = t.testdir({})
    const certificate = makeCertificate(dir)
    const { port } = await startTlsOrigin(t, certificate, CONTENT)
    await startStopped(t, { host: '127.0.0.2', port }, { host: '127.0.0.1', port })
    const proxy = await startProxy((request, socket) => tunnel(request, socket, 'HTTP/1.1 200 OK\r\n\r\n'))
    t.teardown(() => proxy.stop())
    const proxyPort = Number(new URL(proxy.url).port)
    await startStopped(t, { host: '127.0.0.2', port: proxyPort }, { host: '127.0.0.1', port: proxyPort })
    // The command runs in a process of its own, in which localhost has other addresses.
    const addresses = ['127.0.0.2', '127.0.0.4', '127.0.0.1'].map((address) => ({ address, family: 4 }))
    const script = `import dns from 'node:dns'; dns.lookup = (name, options, callback) => setImmediate(callback, null, ${JSON.stringify(addresses)})`
    const env = {
      NODE_EXTRA_CA_CERTS: certificate.path,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}`,
    }
    for (const [name, args] of [
      ['direct', []],
      ['through', ['--proxy', `http://localhost:${proxyPort}`]],
    ] as const) {
      const url = `https://localhost:${port}/file.bin`
      const timeouts = ['--retries', '0', '--connect-timeout', '5']
      const { status, stderr } = await rangeGet(['-q', '-o', name, ...timeouts, ...args, url], dir, env).ended
      t.equal(status, 0, stderr)
      sameBytes(t, readOrNull(join(dir, name)), CONTENT)
    }
    t.equal(proxy.requests.length > 0, true)
  },
)
