import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve, until } from '../support/serve.ts'
import { distinctBytes, LONG_AGO, Origin } from './support/origin.ts'

const CONTENT = distinctBytes(16 * 1024 * 1024)

async function served(t: Test, options: object) {
  const origin = await Origin.start(t)
  origin.objects.set('/f', { bytes: CONTENT, etag: '"v1"', lastModified: LONG_AGO })
  origin.objects.set('/small', { bytes: CONTENT.subarray(0, 1000), etag: '"s"', lastModified: LONG_AGO })
  const source = httpSource({ url: (path) => `${origin.url}/${path}`, ...options })
  return { origin, ...(await serve(t, { plugin: { source } })) }
}

/** Connections of the origin that a request is answered on. */
const busy = (origin: Origin): number => origin.answering

t.test(
  'a client that does not read gives its connection to the origin back, and gets all bytes later',
  async (t) => {
    const { origin, port } = await served(t, { parkAfter: 50 })
    const client = await RawClient.connect(port)
    client.request('GET', '/f', [])
    await client.readHead()
    await until(() => busy(origin) === 0)
    t.equal(origin.got.length, 1)
    sameBytes(t, await client.readBytes(CONTENT.length), CONTENT)
    t.ok(origin.got.length > 1)
    t.equal(origin.got.at(-1)?.headers['if-match'], '"v1"')
    client.destroy()
  },
)

for (const [name, fields] of Object.entries({
  'an object without a validator': { 'accept-ranges': 'bytes' },
  'an origin that knows no ranges': { etag: '"v1"' },
})) {
  t.test(`a slow reader of ${name} keeps its connection, since it could not go on`, async (t) => {
    const { origin, port, app, errors } = await served(t, {
      maxConnections: 1,
      queueTimeout: 1000,
      parkAfter: 50,
      retries: 0,
    })
    origin.answer = (_, response) => {
      response.writeHead(200, { ...fields, 'content-length': CONTENT.length }).end(CONTENT)
      return true
    }
    const client = await RawClient.connect(port)
    client.request('GET', '/f', [])
    t.equal((await client.readHead()).status, 200)
    // Waits for a connection for a second, in which the others are given back.
    t.equal((await app.inject('/small')).statusCode, 503)
    sameBytes(t, await client.readBytes(CONTENT.length), CONTENT)
    t.equal(origin.got.length, 1)
    t.equal(errors().length, 1)
    client.destroy()
  })
}

t.test('dozens of clients that do not read leave connections to the origin for others', async (t) => {
  const { origin, port, app } = await served(t, { maxConnections: 4, queueTimeout: 60_000 })
  const clients: RawClient[] = []
  for (let count = 0; count < 40; count++) {
    const client = await RawClient.connect(port)
    client.request('GET', '/f', [])
    clients.push(client)
  }
  await Promise.all(clients.map((client) => client.readBytes(1)))
  for (let count = 0; count < 20; count++) t.equal((await app.inject('/small')).statusCode, 200)
  t.ok(origin.most <= 4, `${origin.most} at a time`)
  for (const client of clients) client.destroy()
  await until(() => busy(origin) === 0)
})

t.test('a thousand clients that leave take their connections to the origin with them', async (t) => {
  const { origin, port, errors } = await served(t, {})
  // The origin sends the beginning, and then nothing: so each answer is under way when its client leaves.
  origin.answer = (_, response) => {
    response.writeHead(200, { etag: '"v1"', 'accept-ranges': 'bytes', 'content-length': CONTENT.length })
    response.write(CONTENT.subarray(0, 100_000))
    return true
  }
  for (let turn = 0; turn < 20; turn++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(port)))
    for (const client of clients) client.request('GET', '/f', [])
    await Promise.all(clients.slice(turn).map((client) => client.readBytes(1)))
    for (const client of clients) client.destroy()
  }
  await until(() => origin.sockets.size === 0)
  t.ok(origin.got.length > 500)
  t.strictSame(errors(), [])
})

t.test('a request that needs no bytes gives its connection back, and the connection is kept', async (t) => {
  const { origin, app } = await served(t, { maxConnections: 1, queueTimeout: 1, retries: 0 })
  for (let count = 0; count < 5; count++) {
    t.equal((await app.inject({ method: 'HEAD', url: '/f' })).statusCode, 200)
    t.equal(
      (await app.inject({ url: '/f', headers: { 'if-match': '"x"', range: 'bytes=0-9' } })).statusCode,
      412,
    )
    t.equal((await app.inject({ url: '/small', headers: { 'if-none-match': '"s"' } })).statusCode, 304)
    t.equal((await app.inject('/nothing')).statusCode, 404)
  }
  t.equal(origin.connections, 1)
})

t.test('answers wait for a connection for some time, then they are a 503', async (t) => {
  const { origin, app } = await served(t, { maxConnections: 1, queueTimeout: 1, retries: 0 })
  origin.answer = ({ url }) => url === '/hanging'
  const hanging = app.inject('/hanging').catch(() => {})
  await until(() => origin.got.length === 1)
  const answer = await app.inject('/small')
  t.equal(answer.statusCode, 503)
  t.equal(answer.json().code, 'ERR_RANGE_OVERLOADED')
  t.equal(answer.headers['retry-after'], '1')
  for (const socket of origin.sockets) socket.destroy()
  await hanging
  t.equal((await app.inject('/small')).statusCode, 200)
})
