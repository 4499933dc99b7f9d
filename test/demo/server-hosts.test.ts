import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildServer } from 'demo-server'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'

const OWN = ['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '192.168.1.5', '[::1]']
const FOREIGN = [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evil.example:localhost',
  'localhost@evil.example',
  '[evil.example]',
  '2130706433.evil.example',
]

async function listening(t: Test, host: string): Promise<{ app: FastifyInstance; port: number }> {
  const app = await buildServer({ dataDir: t.testdir() })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host })
  return { app, port: Number(new URL(url).port) }
}

/** The second server listens a little later than the first. */
async function otherPortOf(app: FastifyInstance): Promise<number> {
  for (;;) {
    const { otherPort } = (await app.inject('/settings')).json()
    if (otherPort !== undefined) return otherPort
    await sleep(10)
  }
}

function statusFor(port: number, host: string, path = '/2.txt', method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { host } }, (answer) => {
      resolve(answer.statusCode)
      answer.destroy()
    })
    asked.on('error', reject).end()
  })
}

t.test('on loopback, a foreign host name is refused (DNS rebinding)', async (t) => {
  const { app, port } = await listening(t, '127.0.0.1')
  for (const name of OWN) {
    t.equal(await statusFor(port, name), 200, name)
    t.equal(await statusFor(port, `${name}:${port}`), 200, `${name} with the port`)
  }
  for (const name of FOREIGN) {
    t.equal(await statusFor(port, name), 421, name)
    t.equal(await statusFor(port, `${name}:${port}`), 421, `${name} with the port`)
  }
  for (const target of ['/', '/settings', '/nothing/here', '/lab/big.bin', '/lab/big.bin/checksum'])
    t.equal(await statusFor(port, 'evil.example', target), 421, target)
  t.equal(await statusFor(port, 'evil.example', '/lab/cut', 'POST'), 421, 'a cut is refused')
  const otherPort = await otherPortOf(app)
  t.equal(await statusFor(otherPort, 'evil.example', '/recipe/2.txt'), 421, 'the other origin')
  t.equal(await statusFor(otherPort, 'localhost', '/recipe/2.txt'), 200)
})

t.test('on all addresses, any host name is accepted', async (t) => {
  const { port } = await listening(t, '0.0.0.0')
  t.equal(await statusFor(port, 'laptop.local'), 200)
})

/** The status of a request that is sent exactly as given, on a new connection. */
async function statusOf(port: number, head: readonly string[]): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  return Number((await text(socket)).split(' ')[1])
}

interface Row {
  readonly name: string
  readonly head: readonly string[]
  readonly status: number
}

const ROWS: readonly Row[] = [
  { name: 'HTTP/1.0 without a Host', head: ['GET /2.txt HTTP/1.0'], status: 400 },
  { name: 'HTTP/1.0 with our own Host', head: ['GET /2.txt HTTP/1.0', 'Host: localhost'], status: 200 },
  { name: 'HTTP/1.0 with a foreign Host', head: ['GET /2.txt HTTP/1.0', 'Host: evil.example'], status: 421 },
  { name: 'HTTP/1.1 without a Host', head: ['GET /2.txt HTTP/1.1'], status: 400 },
  { name: 'an empty Host', head: ['GET /2.txt HTTP/1.1', 'Host:'], status: 421 },
  { name: 'a list in a Host', head: ['GET /2.txt HTTP/1.1', 'Host: localhost, evil.example'], status: 421 },
  ...[
    ['localhost', 'evil.example'],
    ['evil.example', 'localhost'],
    ['localhost', 'localhost'],
  ].map((hosts) => ({
    name: `two Hosts (${hosts.join(', ')})`,
    head: ['GET /2.txt HTTP/1.1', ...hosts.map((host, index) => `${index === 0 ? 'Host' : 'hOST'}: ${host}`)],
    status: 400,
  })),
  ...[
    'http://evil.example/2.txt',
    'HTTP://evil.example/2.txt',
    'https://evil.example/2.txt',
    'ftp://evil.example/2.txt',
    'http://localhost@evil.example/2.txt',
    'http://localhost:80@evil.example/2.txt',
    'http://evil.example:80/2.txt',
    'http://localhost.evil.example/2.txt',
    'http:///2.txt',
    'http://[::1/2.txt',
    'evil.example/2.txt',
  ].flatMap((target) =>
    (['1.0', '1.1'] as const).map((version) => ({
      name: `the target ${target}, HTTP/${version}`,
      head: [`GET ${target} HTTP/${version}`, 'Host: localhost'],
      status: 421,
    })),
  ),
  {
    name: 'our own target with a foreign Host',
    head: ['GET http://localhost/2.txt HTTP/1.1', 'Host: evil.example'],
    status: 421,
  },
  { name: 'our own target', head: ['GET http://localhost/2.txt HTTP/1.1', 'Host: localhost'], status: 200 },
  { name: 'our own address', head: ['GET http://[::1]/2.txt HTTP/1.1', 'Host: localhost'], status: 200 },
  { name: 'our own page', head: ['GET http://127.0.0.1:1/ HTTP/1.1', 'Host: localhost'], status: 200 },
]

t.test('on loopback, a request needs exactly one Host, the own one', async (t) => {
  const { app, port } = await listening(t, '127.0.0.1')
  const otherPort = await otherPortOf(app)
  for (const { name, head, status } of ROWS) {
    const actual = await statusOf(port, head)
    // Node's own parser rejects some of them with 400.
    if (status === 421) t.ok([400, 421].includes(actual), `${name}: ${actual}`)
    else t.equal(actual, status, name)
    if (status !== 200) t.not(await statusOf(otherPort, head), 200, `${name}, the other origin`)
  }
  const cut = ['POST http://evil.example/lab/cut HTTP/1.1', 'Host: localhost', 'Content-Length: 0']
  t.equal(await statusOf(port, cut), 421, 'a cut is refused')
})
