import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { guardHttp2End } from '../connection/http2-end.ts'
import { watchForBegun } from '../guards/begun-answer.ts'
import { guardBody } from '../guards/body-guard.ts'
import { catchFailingWrites } from '../guards/failing-writes.ts'
import { holdFirstBytes } from '../guards/first-bytes.ts'
import type { ReplyClaim } from './reply-claim.ts'

/**
 * Ends a response without content. For an empty payload, Fastify's own HEAD routes would replace our length with 0. For
 * a stream they do not.
 */
export function sendEmpty(reply: FastifyReply, claim: ReplyClaim): void {
  if (reply.request.method === 'HEAD' || reply.hasHeader('content-length')) {
    catchFailingWrites(reply)
    claim.send(new Readable({ read: endAtOnce }))
  } else {
    claim.send()
  }
}

/** A hook may add a body to an answer that has none. */
export function guardEmpty(reply: FastifyReply): void {
  watchForBegun(reply)
  guardBody(reply, { length: 0 })
  holdFirstBytes(reply)
  guardHttp2End(reply, { length: 0, isSpent: () => true })
}

function endAtOnce(this: Readable): void {
  this.push(null)
}
