// Serves the objects of a bucket, as a process of its own: its memory is that of a server alone. Run it with --expose-gc.
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import { type S3SourceOptions, s3Source } from 'fastify-send-range/s3'

const [options = '{}'] = process.argv.slice(2)
const app = Fastify()
await app.register(rangePlugin, { source: s3Source(JSON.parse(options) as S3SourceOptions) })
app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
await app.listen({ port: 0, host: '127.0.0.1' })
process.on('disconnect', () => process.exit())
process.on('message', async (question) => {
  process.send?.(question === 'memory' ? await bytesInUse() : await storeConnections())
})
process.send?.({ port: (app.server.address() as AddressInfo).port })

/** What a first collection frees may refer to more. */
async function bytesInUse(): Promise<number> {
  for (let count = 0; count < 3; count++) {
    globalThis.gc?.()
    await turn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The sockets that no client has. */
async function storeConnections(): Promise<number> {
  const clients = await promisify(app.server.getConnections.bind(app.server))()
  const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap')
  return sockets.length - Number(clients)
}
