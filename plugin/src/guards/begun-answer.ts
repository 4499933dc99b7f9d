import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { bytesWrittenTo } from '../connection/http2-end.ts'
import { cut, type RawResponse } from '../connection/response-lifetime.ts'
import { writtenHead } from '../connection/written-head.ts'
import { reportAbandoned } from './abandoned-answer.ts'
import { bytesGuarded } from './body-guard.ts'
import { areBytesHeld } from './first-bytes.ts'

/**
 * Whether something was written into a response before its body, or a head was sent that `head-guard` has not seen. A
 * guarded head alone does no harm: it is compared with the body.
 */
export function hasBegun(raw: RawResponse): boolean {
  if (areBytesHeld(raw)) return true
  if (!isHeadSent(raw)) return false
  if (writtenHead(raw) === undefined) return true
  if (!(raw instanceof Http2ServerResponse)) return bytesGuarded(raw) > 0
  // An answer that has ended belongs to the application.
  if (raw.writableEnded) return false
  return raw.stream !== undefined && bytesWrittenTo(raw.stream) + raw.stream.writableLength > 0
}

/**
 * Cuts an answer that a hook has begun on `reply.raw`, as soon as a stream is piped into it: ours or one of the hook.
 */
export function watchForBegun(reply: FastifyReply): void {
  const raw: RawResponse = reply.raw
  raw.once('pipe', () => {
    // `sent`: the answer was hijacked, and belongs to the application.
    if (reply.sent || !hasBegun(raw)) return
    reportAbandoned(reply)
    cut(raw)
  })
}
