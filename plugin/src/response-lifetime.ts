import type { ServerResponse } from 'node:http'
import { constants, Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import type { Body } from './body.ts'

/** What Fastify's `reply.raw` is, whichever version of HTTP the server speaks. */
export type RawResponse = ServerResponse | Http2ServerResponse

/** Whether a response is over: nothing that is written now goes anywhere, and no event will tell so again. */
export function isOver(raw: RawResponse): boolean {
  if (raw instanceof Http2ServerResponse) return raw.stream === undefined || raw.stream.destroyed
  return raw.destroyed || raw.writableFinished
}

/** Ends a response in a way that no client takes for its proper end. */
export function cut(raw: RawResponse): void {
  // RFC 9113 §8.1: a stream that is destroyed without a code says NO_ERROR, which some clients take for complete.
  if (raw instanceof Http2ServerResponse) raw.stream?.close(constants.NGHTTP2_INTERNAL_ERROR)
  else raw.destroy()
}

/**
 * Ties a body to its response, so that neither outlives the other: also where a hook put another payload in its
 * place, or pipes it in a way that passes no error on.
 */
export function tieToResponse(reply: FastifyReply, body: Body): void {
  const raw: RawResponse = reply.raw
  body.once('error', () => {
    if (raw.headersSent) cut(raw)
  })
  if (isOver(raw)) body.destroy()
  // A body that was sent in full has its last event a little later than the response.
  else raw.once('close', () => setImmediate(() => body.destroy()))
}
