import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** The address of a server, or undefined while it does not listen. */
export function addressOf(app: FastifyInstance): AddressInfo | undefined {
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address : undefined
}
