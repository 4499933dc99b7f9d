import type { FastifyInstance } from 'fastify'

/** An hour is long enough for a browser to keep pieces, and short enough to try a change. */
const CACHE_CONTROL = 'public, max-age=3600'

const params = {
  type: 'object',
  required: ['file'],
  properties: { file: { type: 'string', maxLength: 255 } },
} as const

/** `GET /<name>`: the files that the walk-through downloads piece by piece. */
export async function walkFiles(app: FastifyInstance): Promise<void> {
  app.get<{ Params: { file: string } }>(
    '/:file',
    { schema: { params }, config: { live: true } },
    (request, reply) => reply.sendRange(request.params.file, { cacheControl: CACHE_CONTROL }),
  )
}
