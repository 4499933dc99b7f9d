import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Where a server listens, undefined while it does not. */
export function addressOf(app: FastifyInstance): AddressInfo | undefined {
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address : undefined
}
