import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'

/** A server of a folder that says what its heap and its buffers hold; run with --expose-gc. */
const [, , root = ''] = process.argv
/** V8 frees the memory of buffers on another thread, after the collection that found them. */
const COLLECTIONS = 3
const FREED_AFTER_MS = 30

const app = Fastify()
await app.register(rangePlugin, { root })
app.get('/files/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
app.get('/held', async () => {
  for (let collection = 0; collection < COLLECTIONS; collection++) {
    globalThis.gc?.()
    await sleep(FREED_AFTER_MS)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`)

// Ends with the test, even if the test is killed.
process.stdin.resume().on('close', () => process.exit())
