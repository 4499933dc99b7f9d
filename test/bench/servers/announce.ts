import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Listens on a free port of the loopback interface, reports the port to the parent, and ends with the parent. */
export async function announce(app: FastifyInstance): Promise<void> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  process.on('disconnect', () => process.exit())
  if (process.send === undefined) process.stdout.write(`http://127.0.0.1:${port}\n`)
  else process.send({ port })
}
