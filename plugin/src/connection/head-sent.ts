import { OutgoingMessage } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'

/** A getter of Node's own, which no wrapper around one response has changed. */
function getterOf(prototype: object): (this: unknown) => unknown {
  const getter = Object.getOwnPropertyDescriptor(prototype, 'headersSent')?.get
  if (getter === undefined) throw new TypeError('Node has no headersSent')
  return getter
}

const http1HeadersSent = getterOf(OutgoingMessage.prototype)
const http2HeadersSent = getterOf(Http2ServerResponse.prototype)

/**
 * Whether the head of a response is out, as Node itself knows it. The property `headersSent` of one response may say
 * anything: `@fastify/express` puts a getter there that is false until Express's `res.send` was called.
 */
export function isHeadSent(raw: object): boolean {
  return (raw instanceof Http2ServerResponse ? http2HeadersSent : http1HeadersSent).call(raw) === true
}

/**
 * Puts the truth back where `headersSent` denies that the head is out: Fastify and middleware would write a second
 * one, and the exception ends the process.
 */
export function correctHeadersSent(raw: object & { readonly headersSent: boolean }): void {
  if (isHeadSent(raw) && !raw.headersSent)
    Reflect.defineProperty(raw, 'headersSent', { value: true, configurable: true })
}

/**
 * Has Fastify treat the failure of a payload as one after the head, also where `headersSent` cannot be redefined or
 * stands behind a Proxy. Call before Fastify's own listener runs.
 */
export function reportFailureAfterHead({ raw, request }: FastifyReply): void {
  correctHeadersSent(raw)
  // Fastify treats an aborted request in the same way.
  if (!raw.headersSent) Reflect.defineProperty(request.raw, 'aborted', { value: true, configurable: true })
}
