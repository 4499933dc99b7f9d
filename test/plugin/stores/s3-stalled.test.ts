import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { Bucket } from '../../support/stores/bucket.ts'
import { storeFor } from '../../support/stores/shared-store.ts'
import type { Store } from '../../support/stores/store.ts'
import { StoreProxy } from '../../support/stores/store-proxy.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/serve.ts'
import { distinctBytes } from './support/served-store.ts'
import { ServerProcess } from './support/server-process.ts'

const KIB = 1024
const CLIENTS = 500
const CONNECTIONS = 64
/** More than the systems of both sides keep of an answer for a client that does not read. */
const CONTENT = distinctBytes(16 * KIB * KIB)
const SMALL = CONTENT.subarray(0, 1000)
/** That a client reads before the clients that stall. */
const WARM_UP_BYTES = 4 * KIB * KIB
const MAX_BYTES_EACH = 128 * KIB

async function served(t: Test, store: Store) {
  const bucket = await Bucket.make(t, store)
  await bucket.put('film.mp4', CONTENT)
  await bucket.put('small.bin', SMALL)
  const proxy = await StoreProxy.start(t, store)
  const { endpoint, region, accessKeyId, secretAccessKey } = proxy.store
  const server = await ServerProcess.start(t, {
    bucket: bucket.name,
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxConnections: CONNECTIONS,
    // They come at the same moment, and each takes some MiB before its system has no more room for it.
    queueTimeout: 60_000,
  })
  return { proxy, server }
}

/** What a server that is busy has used once, it keeps. That is no memory of clients that stall. */
async function warmUp(port: number): Promise<void> {
  const readers = Array.from({ length: CONNECTIONS }, async () => {
    const client = await RawClient.connect(port)
    client.request('GET', '/film.mp4')
    await client.readHead()
    for (let left = WARM_UP_BYTES; left > 0; )
      left -= (await client.readBytes(Math.min(left, 256 * KIB))).length
    client.destroy()
  })
  await Promise.all(readers)
}

/** Clients that ask at the same moment, and then read nothing more than the first byte. */
async function stall(t: Test, port: number): Promise<RawClient[]> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(port)))
  t.teardown(() => {
    for (const client of clients) client.destroy()
  })
  for (const client of clients) client.request('GET', '/film.mp4')
  const heads = await Promise.all(clients.map((client) => client.readHead()))
  t.strictSame(new Set(heads.map(({ status }) => status)), new Set([200]), 'each client is answered')
  return clients
}

t.test('500 clients that do not read leave 64 connections to the store for others', async (t) => {
  const store = await storeFor(t, 'ceph')
  if (store === undefined) return
  const { proxy, server } = await served(t, store)
  const other = await RawClient.connect(server.port)
  sameBytes(t, (await other.exchange('GET', '/small.bin')).body, SMALL)
  await warmUp(server.port)
  const before = await server.memory()
  const clients = await stall(t, server.port)
  const answer = await other.exchange('GET', '/small.bin')
  t.equal(answer.status, 200, 'another client is served')
  sameBytes(t, answer.body, SMALL)
  // The proxy may accept the next connections before it learns of the end of those that were given up.
  t.ok(proxy.mostOpen <= 2 * CONNECTIONS, `${proxy.mostOpen} connections to the store at a time`)
  await until(() => proxy.open === 0)
  t.pass('in the end nobody keeps a connection to the store')
  const after = await server.memory()
  const each = Math.ceil((after - before) / CLIENTS)
  t.ok(each <= MAX_BYTES_EACH, `${each} bytes for each client`)
  const [first] = clients
  sameBytes(t, (await first?.readBytes(CONTENT.length)) ?? SMALL, CONTENT)
  other.destroy()
})
