import { BlockList, isIP } from 'node:net'
import createError from '@fastify/error'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { addressOf } from './address.ts'

const HostError = createError(
  'ERR_DEMO_HOST',
  'This server is for this machine only: ask for localhost, or for its address',
  421,
)

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/**
 * While the server listens on a loopback address, only requests for `localhost` or for an IP address are answered.
 *
 * A page of another site can have its own name lead to 127.0.0.1 (DNS rebinding). To the browser it is then of one
 * origin with this server, and might read its files and press its buttons. Nothing but the Host field tells.
 */
export const ownHost = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', async (request) => {
    if (isOnLoopback(app) && !isOwnHost(request)) throw new HostError()
  })
})

function isOnLoopback(app: FastifyInstance): boolean {
  const address = addressOf(app)
  return address !== undefined && loopback.check(address.address, address.family === 'IPv6' ? 'ipv6' : 'ipv4')
}

/** Browsers, which this is about, send a Host; HTTP/1.0 allows none. */
function isOwnHost({ headers }: FastifyRequest): boolean {
  if (headers.host === undefined) return true
  const name = headers.host.replace(/:\d*$/, '').toLowerCase()
  return name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0
}
