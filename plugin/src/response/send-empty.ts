import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { ReplyClaim } from './reply-claim.ts'

/**
 * Ends a response that has no content. Fastify's own HEAD routes would put a length of 0 over ours for an empty
 * payload, but leave it alone for a stream.
 */
export function sendEmpty(reply: FastifyReply, claim: ReplyClaim): void {
  if (reply.request.method === 'HEAD' || reply.hasHeader('content-length')) {
    claim.send(new Readable({ read: endAtOnce }))
  } else {
    claim.send()
  }
}

function endAtOnce(this: Readable): void {
  this.push(null)
}
