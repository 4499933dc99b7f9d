import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { cut, isOver, type RawResponse } from '../connection/response-lifetime.ts'
import { writeLogLine } from '../log-line.ts'

/** What a hook has put in the place of a body. */
export interface Replacement {
  /** The body has failed: the stream that replaces it fails with the same error, now or when Fastify pipes it. */
  fail(error: Error): void
}

/** Responses whose failure Fastify's error handling knows. */
const handled = new WeakSet<object>()

/** Notes that the error handlers answer from now on. What they send does not replace a body. */
export function noteErrorHandling({ raw }: FastifyReply): void {
  handled.add(raw)
}

/** Whether the error handlers answer. */
export function isErrorHandled(raw: object): boolean {
  return handled.has(raw)
}

/**
 * Watches for a stream that a hook puts in the place of a body. `pipe` does not pass errors on. If the body fails
 * before a byte has come through, the stream that it was piped into would wait for ever, and the answer with it.
 * Fastify listens to the stream that it pipes before it pipes it, and answers with an error.
 */
export function watchReplacement(reply: FastifyReply): Replacement {
  const raw: RawResponse = reply.raw
  // An error handler may have called `sendRange` again.
  handled.delete(raw)
  let piped: Readable | undefined
  let failure: Error | undefined
  const passOn = (): void => {
    if (failure !== undefined && !isHeadSent(raw) && !handled.has(raw)) piped?.unpipe().destroy(failure)
  }
  raw.once('pipe', (source: unknown) => {
    if (source instanceof Readable) piped = source
    passOn()
  })
  return {
    fail(error) {
      failure ??= error
      // A pipeline passes the error on by itself.
      setImmediate(passOn)
    },
  }
}

/** Cuts an answer whose body a hook has replaced with one that does not fit the head. */
export function cutReplacedBody(reply: FastifyReply): void {
  // The client has left, and what is written for it may end anywhere. This is not a fault of the hook.
  if (isOver(reply)) return
  const message = 'a hook has replaced the body of an answer of sendRange, and it was cut'
  writeLogLine(reply.log, { level: 'error', details: {}, message })
  cut(reply.raw)
}
