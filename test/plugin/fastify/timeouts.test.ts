import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve, serveEverything } from '../support/serve.ts'

const STALL_MS = 60

/** Pauses for several times the stall limit before its last byte. */
const SLOW: RangeSource = {
  open: () => ({
    size: 3,
    etag: '"slow"',
    async *read() {
      for (const byte of [1, 2, 3]) {
        await sleep(4 * STALL_MS)
        yield Uint8Array.of(byte)
      }
    },
    close() {},
  }),
}

t.test('onTimeout does not run for an answer with a slow source', async (t) => {
  let timeouts = 0
  const seen: (number | undefined)[] = []
  const routes = (app: FastifyInstance): void => {
    app.addHook('onTimeout', async () => {
      timeouts++
    })
    app.addHook('onSend', async (request, _reply, payload) => {
      setImmediate(() => seen.push(request.raw.socket.timeout))
      return payload
    })
    serveEverything(app)
  }
  const { port } = await serve(t, { plugin: { source: SLOW, stallTimeout: STALL_MS }, routes })
  const client = await RawClient.connect(port)
  t.strictSame([...(await client.exchange('GET', '/x')).body], [1, 2, 3])
  client.destroy()
  t.equal(timeouts, 0)
  t.notMatch(seen, [STALL_MS], "the socket's timer is not ours")
})

t.test('onTimeout runs for connectionTimeout as it does without the plugin', async (t) => {
  let timeouts = 0
  const routes = (app: FastifyInstance): void => {
    app.addHook('onTimeout', async () => {
      timeouts++
    })
    serveEverything(app)
  }
  const server = { connectionTimeout: 100 }
  const { port } = await serve(t, { plugin: { source: SLOW, stallTimeout: 10_000 }, server, routes })
  const client = await RawClient.connect(port)
  client.request('GET', '/x')
  await client.drain()
  t.equal(timeouts, 1)
})
