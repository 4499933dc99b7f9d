import type { FastifyInstance } from 'fastify'

/** An `onSend` hook in the routes as Fastify prints them, except the one that Fastify adds to HEAD routes. */
const SEND_HOOK = /\(onSend\) (?!\["headRouteOnSendHandler\(\)"\])/

/**
 * Whether any route of the application has an `onSend` hook, which gets the payload and may keep it. Call this when all
 * routes exist (`onReady`). Printing the routes is the only public way in which Fastify reports hooks.
 */
export function hasSendHooks(fastify: FastifyInstance): boolean {
  return SEND_HOOK.test(fastify.printRoutes({ includeHooks: true }))
}
