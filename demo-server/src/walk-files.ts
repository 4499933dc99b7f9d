import { readdir } from 'node:fs/promises'
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

/** The names of the files that `walkFiles` serves from a folder, in order. */
export async function walkFileNames(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true })
  const served = found.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  return served.map(({ name }) => name).sort()
}
