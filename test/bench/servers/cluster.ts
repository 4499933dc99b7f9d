import cluster from 'node:cluster'
import { once } from 'node:events'
import { fastify } from 'fastify'
import { rangePlugin } from 'fastify-send-range'

// The same server as several processes that share one port. The first reports it when all of them listen.
const [root = '.', workers = '1'] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
if (cluster.isPrimary) {
  cluster.on('exit', () => process.exit(1))
  let port = 0
  for (let count = 0; count < Number(workers); count++) {
    const [address] = (await once(cluster.fork(), 'listening')) as [{ port: number }]
    port = address.port
  }
  process.send?.({ port })
} else {
  const app = fastify()
  await app.register(rangePlugin, { root })
  app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
  await app.listen({ port: 0, host: '127.0.0.1' })
}
