import type { FastifyPluginAsync } from 'fastify'
import { wrongOption } from './option-checks.ts'
import type { RangePluginOptions } from './options.ts'
import { rangePlugin } from './range-plugin.ts'
import type { RangeSource } from './sources/source.ts'

/**
 * A route that ends in `*`, for TypeScript: the type of its `request.params['*']`.
 *
 * @example
 * fastify.get<WildcardRoute>('/files/*', (request, reply) => reply.sendRange(request.params['*']))
 */
export interface WildcardRoute {
  /** The parameters of the route. */
  Params: {
    /** What the `*` stands for, decoded. */
    '*': string
  }
}

/** Options of {@link rangeRoutes}: those of the plugin. One of `root` and `source` must be given. */
export type RangeRoutesOptions = RangePluginOptions &
  ({ readonly root: string | URL } | { readonly source: RangeSource })

const register: FastifyPluginAsync<RangeRoutesOptions> = async (fastify, options) => {
  await fastify.register(rangePlugin, options)
  // The default root, the working directory, has the source code of most applications.
  if (options.root === undefined && options.source === undefined)
    throw wrongOption("rangeRoutes needs the option 'root' or 'source'")
  const route = { exposeHeadRoute: true }
  fastify.get<WildcardRoute>('/*', route, (request, reply) => reply.sendRange(request.params['*']))
  // Without the slash at its end, the prefix is another URL.
  const hasIndex = options.index !== undefined && options.index !== false
  if (hasIndex && /[^/]$/.test(fastify.prefix))
    fastify.get('', route, (_request, reply) => reply.sendRange(''))
}

/**
 * A plugin that serves files under a prefix: one route for GET and HEAD, in a context of its own. Hooks and handlers of
 * errors and of 404 are those of the context that it is registered in. It can be registered any number of times, with
 * and without the plugin beside it.
 *
 * @example
 * await fastify.register(rangeRoutes, { root: '/srv/files', prefix: '/files' })
 *
 * @throws SendRangeError `ERR_RANGE_OPTION`, also without `root` and `source`
 */
export const rangeRoutes: FastifyPluginAsync<RangeRoutesOptions> = register
