import type { FastifyInstance } from 'fastify'

/** An `onSend` hook in Fastify's print of the routes, but for the one that it adds itself to HEAD routes. */
const SEND_HOOK = /\(onSend\) (?!\["headRouteOnSendHandler\(\)"\])/

/**
 * Whether any route of the application has an `onSend` hook: it is given the payload and may keep it. To be asked when
 * all routes are there (`onReady`). Fastify tells of hooks in no other public way than in this print.
 */
export function hasSendHooks(fastify: FastifyInstance): boolean {
  return SEND_HOOK.test(fastify.printRoutes({ includeHooks: true }))
}
