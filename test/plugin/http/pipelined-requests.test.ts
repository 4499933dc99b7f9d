import type { FastifyInstance } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve, until } from '../support/serve.ts'

const SIZE = 64 * 1024 * 1024
const MANY = 200

/** A source of large representations that counts those that are open. */
async function serveCounted(t: Test) {
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
    plugin: { source },
    routes: (app: FastifyInstance) => app.get('/:name', (_request, reply) => reply.sendRange('x')),
  })
  return { port, count }
}

/** Long enough for all representations to be open that will be opened. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300))

t.test('one representation is open for pipelined requests whose answers are not read', async (t) => {
  const { port, count } = await serveCounted(t)
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
  const { port } = await serveCounted(t)
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
