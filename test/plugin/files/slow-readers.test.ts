import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { truncateSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { CHANNELS } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { localhostCertificate } from '../support/localhost-certificate.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve, serveEverything, until } from '../support/serve.ts'

const STALL_MS = 2000
const SIZE = 64 * 1024 * 1024
/** Of one read, and between two: more within the limit than a receive window waits for, less than a send buffer does. */
const READ_BYTES = 24 * 1024
const READ_EVERY_MS = 100
const READS = 45

/** A file of zeros that needs no place on the disk. */
function sparseRoot(t: Test): string {
  const root = t.testdir({ 'f.bin': '' })
  truncateSync(join(root, 'f.bin'), SIZE)
  return root
}

/** Counts the answers that were cut while the test runs. */
function abortsDuring(t: Test): () => number {
  let count = 0
  const add = (): void => void count++
  subscribe(CHANNELS.aborted, add)
  t.teardown(() => unsubscribe(CHANNELS.aborted, add))
  return () => count
}

const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
)

const CONNECTIONS = [
  {
    name: 'TLS',
    open: RawClient.connectSecurely,
    options: { server: { https: localhostCertificate } },
    can: true,
  },
  {
    name: 'HTTP/1.1 over IPv4 at a server that listens on both',
    open: RawClient.connect,
    options: { host: '::' },
    can: hasIPv6,
  },
]

for (const { name, open, options, can } of CONNECTIONS) {
  const skip = process.platform === 'linux' && can ? false : 'the system does not say what was acknowledged'
  t.test(`a client slower than the send buffer is served until it stops (${name})`, { skip }, async (t) => {
    const plugin = { root: sparseRoot(t), stallTimeout: STALL_MS }
    const { port } = await serve(t, { plugin, ...options })
    const aborts = abortsDuring(t)
    const client = await open(port)
    client.request('GET', '/f.bin')
    await client.readHead()
    for (let read = 0; read < READS; read++) {
      t.equal((await client.readBytes(READ_BYTES)).length, READ_BYTES)
      await sleep(READ_EVERY_MS)
    }
    t.equal(aborts(), 0)
    await until(() => aborts() === 1)
    client.destroy()
  })
}

t.test('an answer of inject is never cut for a stall', async (t) => {
  const root = sparseRoot(t)
  const routes = (app: FastifyInstance): void => {
    app.addHook('onSend', async (_request, _reply, payload) => (payload as Readable).pipe(slowly()))
    serveEverything(app)
  }
  const { app } = await serve(t, { plugin: { root, stallTimeout: 20 }, routes })
  const { rawPayload } = await app.inject({ url: '/f.bin', headers: { range: 'bytes=0-299999' } })
  t.equal(rawPayload.length, 300_000)
})

function slowly(): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      setTimeout(() => done(null, chunk), 100)
    },
  })
}
