import type { FastifyReply } from 'fastify'

/** What Fastify calls the symbol under which a request has its route. Each copy of Fastify has its own. */
const ROUTE = 'fastify.context'

let routeSymbol: symbol | undefined

/**
 * Whether an `onSend` hook may get the payload of a reply, and keep it. HEAD routes have one of Fastify's own.
 *
 * Fastify has no public way to ask this of one route. `printRoutes` shows the hooks of all routes, except of one that is
 * printed like another (`/::id` beside `/:id`), and takes seconds in an application of hundreds. So this looks where
 * Fastify itself does when it calls the hooks. If nothing is there, a hook may be anywhere.
 */
export function mayHaveSendHooks({ request }: Pick<FastifyReply, 'request'>): boolean {
  if (routeSymbol === undefined || !Object.hasOwn(request, routeSymbol)) routeSymbol = routeSymbolOf(request)
  const route: unknown = routeSymbol && Reflect.get(request, routeSymbol)
  return typeof route !== 'object' || route === null || Reflect.get(route, 'onSend') !== null
}

function routeSymbolOf(request: object): symbol | undefined {
  return Object.getOwnPropertySymbols(request).find(({ description }) => description === ROUTE)
}
