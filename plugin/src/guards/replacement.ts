import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import type { RawResponse } from '../connection/response-lifetime.ts'

/** What Fastify pipes into a response. */
export interface Replacement {
  /** Has the stream in the place of a body that failed fail with it, now or when it is piped. */
  fail(error: Error): void
}

/** Responses whose failure Fastify's error handling knows. */
const handled = new WeakSet<object>()

/** Notes that the handlers of errors answer from now on: what they send is no replacement of a body. */
export function noteErrorHandling({ raw }: FastifyReply): void {
  handled.add(raw)
}

/** Whether they do. */
export function isErrorHandled(raw: object): boolean {
  return handled.has(raw)
}

/**
 * Watches what a hook puts in the place of a body. `pipe` passes no error on: where the body fails before a byte came
 * through, the stream that it was piped into would wait for ever, and the answer with it. Fastify listens to the stream
 * that it pipes, from before it does, and answers with an error then.
 */
export function watchReplacement(reply: FastifyReply): Replacement {
  const raw: RawResponse = reply.raw
  // A handler of errors may have called `sendRange` again.
  handled.delete(raw)
  let piped: Readable | undefined
  let failure: Error | undefined
  const pass = (): void => {
    if (failure !== undefined && !isHeadSent(raw) && !handled.has(raw)) piped?.unpipe().destroy(failure)
  }
  raw.once('pipe', (source: unknown) => {
    if (source instanceof Readable) piped = source
    pass()
  })
  return {
    fail(error) {
      failure ??= error
      // A pipeline passes the error on by itself.
      setImmediate(pass)
    },
  }
}
