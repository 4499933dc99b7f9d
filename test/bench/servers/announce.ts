import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Listens on a free port of the loopback interface, reports the port to the parent, and ends with the parent. */
export async function announce(app: FastifyInstance): Promise<void> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  report(app.server)
}

/** The same for a server without Fastify. */
export async function announceServer(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  report(server)
}

function report(server: Pick<Server, 'address'>): void {
  const { port } = server.address() as AddressInfo
  process.on('disconnect', () => process.exit())
  if (process.send === undefined) process.stdout.write(`http://127.0.0.1:${port}\n`)
  else process.send({ port })
}
