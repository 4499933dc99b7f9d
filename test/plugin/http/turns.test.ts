import { connect, constants } from 'node:http2'
import { createConnection } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { MAX_ANSWERS_PER_SESSION } from '#plugin/memory-bounds.js'
import { RawClient } from '../files/support/raw-client.ts'
import { serve, until } from '../files/support/serve.ts'

const SIZE = 64 * 1024 * 1024
const MANY = 200

/** A source of large things that counts how many of them are open. */
async function serveCounted(t: Test, server: { http2?: true }) {
  const count = { opened: 0, open: 0 }
  const source: RangeSource = {
    open() {
      count.opened++
      count.open++
      return {
        size: SIZE,
        etag: '"v1"',
        readAt: async (target) => target.length,
        close() {
          count.open--
        },
      }
    },
  }
  const { port } = await serve(t, {
    server,
    plugin: { source },
    routes: (app: FastifyInstance) => app.get('/:name', (_request, reply) => reply.sendRange('x')),
  })
  return { port, count }
}

/** Long enough for everything that is going to be opened to be open. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300))

t.test('of pipelined requests whose answers nobody reads, one is open', async (t) => {
  const { port, count } = await serveCounted(t, {})
  const client = await RawClient.connect(port)
  for (let index = 0; index < MANY; index++) client.request('GET', `/${index}`)
  await until(() => count.opened > 0)
  await settle()
  t.equal(count.opened, 1)
  client.destroy()
  await until(() => count.open === 0)
  t.equal(count.opened, 1, 'those that were queued were never opened')
})

t.test('pipelined requests are answered in their order', async (t) => {
  const { port } = await serveCounted(t, {})
  const client = await RawClient.connect(port)
  for (let index = 0; index < MANY; index++)
    client.request('GET', '/x', [`Range: bytes=${index * 100}-${index * 100 + index}`])
  for (let index = 0; index < MANY; index++) {
    const { fields } = await client.readHead()
    t.equal(fields.get('content-range'), `bytes ${index * 100}-${index * 101}/${SIZE}`)
    await client.readBytes(index + 1)
  }
  client.destroy()
})

t.test('of an HTTP/2 session whose streams have a window of 0, a few answers are open', async (t) => {
  const { port, count } = await serveCounted(t, { http2: true })
  const socket = createConnection(port, '127.0.0.1')
  const settings = { initialWindowSize: 0 }
  const session = connect(`http://127.0.0.1:${port}`, { settings, createConnection: () => socket })
  t.teardown(() => session.destroy())
  session.on('error', () => {})
  const streams = Array.from({ length: MANY }, (_, index) => session.request({ ':path': `/${index}` }))
  for (const stream of streams) stream.on('error', () => {})
  await until(() => count.opened === MAX_ANSWERS_PER_SESSION)
  await settle()
  t.equal(count.opened, MAX_ANSWERS_PER_SESSION)
  for (const stream of streams.slice(0, 10)) stream.close(constants.NGHTTP2_CANCEL)
  await until(() => count.opened === MAX_ANSWERS_PER_SESSION + 10)
  await settle()
  t.equal(count.open, MAX_ANSWERS_PER_SESSION, 'each that ends lets the next one in')
  socket.destroy()
  await until(() => count.open === 0)
  await settle()
  t.equal(count.opened, MAX_ANSWERS_PER_SESSION + 10, 'none is opened for a session that is gone')
})
