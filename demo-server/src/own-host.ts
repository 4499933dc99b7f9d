import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import createError from '@fastify/error'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { addressOf } from './address.ts'

const HostError = createError(
  'ERR_DEMO_HOST',
  'This server is for this machine only. Use localhost or its IP address as the host',
  421,
)

const HostFieldError = createError('ERR_DEMO_HOST_FIELD', 'A request needs exactly one Host field', 400)

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/**
 * While the server listens on a loopback address, only requests for `localhost` or for an IP address are answered.
 *
 * Another site can make its own name resolve to 127.0.0.1 (DNS rebinding). For the browser, a page of that site then
 * has the same origin as this server, and could read and change its files. Only the host name shows the difference.
 */
export const ownHost = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', async ({ raw }) => {
    if (!isOnLoopback(app)) return
    const [host, ...others] = hostFields(raw)
    // RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
    // lacks a Host header field and to any request message that contains more than one Host header field line". HTTP/1.0
    // without Host names no host either, and browsers do not use it.
    if (host === undefined || others.length > 0) throw new HostFieldError()
    if (!isOwnName(host.replace(/:\d*$/, '')) || !isOwnTarget(raw.url ?? '')) throw new HostError()
  })
})

function isOnLoopback(app: FastifyInstance): boolean {
  const address = addressOf(app)
  return address !== undefined && loopback.check(address.address, address.family === 'IPv6' ? 'ipv6' : 'ipv4')
}

/** The value of each Host line. Node's own `headers` has only the first. */
function hostFields({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host')
}

/**
 * RFC 9112 §3.2.2: "When an origin server receives a request with an absolute-form of request-target, the origin server
 * MUST ignore the received Host header field (if any) and instead use the host information of the request-target."
 */
function isOwnTarget(target: string): boolean {
  if (target.startsWith('/') || target === '*') return true
  return URL.canParse(target) && isOwnName(new URL(target).hostname)
}

/** @param name without a port; an IPv6 address in brackets */
function isOwnName(name: string): boolean {
  return name.toLowerCase() === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0
}
