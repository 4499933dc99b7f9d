import { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'

/**
 * The getter of Node itself, which wrappers of one response have not changed. Node has it on the prototype of what goes
 * out, and other runtimes on that of the response.
 */
function getterOf(prototype: object): (this: unknown) => unknown {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const getter = Object.getOwnPropertyDescriptor(at, 'headersSent')?.get
    if (getter !== undefined) return getter
  }
  throw new TypeError('Node has no headersSent')
}

const http1HeadersSent = getterOf(ServerResponse.prototype)
const http2HeadersSent = getterOf(Http2ServerResponse.prototype)

/**
 * Whether the head of a response was sent, as Node itself knows. The property `headersSent` of one response may be
 * wrong: `@fastify/express` puts a getter there that is false until Express's `res.send` was called.
 */
export function isHeadSent(raw: object): boolean {
  return (raw instanceof Http2ServerResponse ? http2HeadersSent : http1HeadersSent).call(raw) === true
}

/**
 * Makes `headersSent` true if it is wrongly false. Fastify and middleware would write a second head, and the exception
 * would end the process.
 */
export function correctHeadersSent(raw: object & { readonly headersSent: boolean }): void {
  if (isHeadSent(raw) && !raw.headersSent)
    Reflect.defineProperty(raw, 'headersSent', { value: true, configurable: true })
}

/**
 * Has Fastify treat the failure of a payload as one after the head, also if `headersSent` cannot be redefined, or is
 * behind a Proxy. Call this before Fastify's own listener runs.
 */
export function reportFailureAfterHead({ raw, request }: FastifyReply): void {
  correctHeadersSent(raw)
  // Fastify treats an aborted request in the same way.
  if (!raw.headersSent) Reflect.defineProperty(request.raw, 'aborted', { value: true, configurable: true })
}
