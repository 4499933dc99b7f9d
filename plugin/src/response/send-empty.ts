import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { ReplyClaim } from './reply-claim.ts'

/**
 * Ends a response without content. For an empty payload, Fastify's own HEAD routes would replace our length with 0. For
 * a stream they do not.
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
