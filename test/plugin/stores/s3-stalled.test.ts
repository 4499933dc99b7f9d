import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { Bucket } from '../../support/stores/bucket.ts'
import { storeFor } from '../../support/stores/shared-store.ts'
import type { Store } from '../../support/stores/store.ts'
import { RawClient } from '../support/raw-client.ts'
import { StalledClients } from '../support/stalled-clients.ts'
import { distinctBytes } from './support/served-store.ts'
import { ServerProcess } from './support/server-process.ts'

const KIB = 1024
const CLIENTS = 500
const CONNECTIONS = 64
/** More than the systems of both sides keep of an answer for a client that does not read. */
const CONTENT = distinctBytes(16 * KIB * KIB)
const SMALL = CONTENT.subarray(0, 1000)
const MAX_BYTES_EACH = 128 * KIB

// The store may still be starting, beside other tests.
t.setTimeout(600_000)

async function served(t: Test, store: Store): Promise<ServerProcess> {
  const bucket = await Bucket.make(t, store)
  await bucket.put('film.mp4', CONTENT)
  await bucket.put('small.bin', SMALL)
  const { endpoint, region, accessKeyId, secretAccessKey } = store
  return ServerProcess.start(t, {
    bucket: bucket.name,
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxConnections: CONNECTIONS,
    // They come at the same moment, and each takes some MiB before its system has no more room for it.
    queueTimeout: 300_000,
  })
}

/** Clients that ask at the same moment, and read nothing more after the head. One of them may read on. */
async function stall(t: Test, port: number): Promise<RawClient> {
  const others = new StalledClients(t, { port, path: '/film.mp4', readBytes: 0 })
  const one = await RawClient.connect(port)
  t.teardown(() => one.destroy())
  one.request('GET', '/film.mp4')
  const [statuses, head] = await Promise.all([others.add(CLIENTS - 1), one.readHead()])
  t.strictSame(new Set([...statuses, head.status]), new Set([200]), 'each client is answered')
  return one
}

async function assertServed(t: Test, port: number): Promise<void> {
  const client = await RawClient.connect(port)
  sameBytes(t, (await client.exchange('GET', '/small.bin')).body, SMALL)
  client.destroy()
}

t.test('500 clients that do not read leave 64 connections to the store for others', async (t) => {
  const store = await storeFor(t, 'ceph')
  if (store === undefined) return
  const server = await served(t, store)
  await assertServed(t, server.port)
  const before = await server.memory()
  const client = await stall(t, server.port)
  const open = await server.storeConnections()
  t.ok(open <= CONNECTIONS, `${open} connections to the store`)
  await assertServed(t, server.port)
  while ((await server.storeConnections()) > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  t.pass('in the end no client keeps a connection to the store')
  const each = Math.ceil(((await server.memory()) - before) / CLIENTS)
  t.ok(each <= MAX_BYTES_EACH, `${each} bytes for each client`)
  t.ok(each >= KIB, 'each client is still there')
  sameBytes(t, await client.readBytes(CONTENT.length), CONTENT)
})
