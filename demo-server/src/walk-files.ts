import { readdir } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { RangeSource } from 'fastify-send-range'

/** An hour is long enough for a browser to keep pieces, and short enough to try a change. */
const CACHE_CONTROL = 'public, max-age=3600'

const params = {
  type: 'object',
  required: ['file'],
  properties: { file: { type: 'string', maxLength: 255 } },
} as const

/** The options of {@link walkFiles}. */
export interface WalkFilesOptions {
  /**
   * Another place for the files, and their names: a bucket may hold private objects beside them, and pages of other
   * origins can read what is served here.
   */
  from?: { readonly source: RangeSource; readonly names: readonly string[] }
}

/** `GET /<name>`: the files that the walk-through downloads piece by piece. */
export async function walkFiles(app: FastifyInstance, { from }: WalkFilesOptions): Promise<void> {
  const options = { cacheControl: CACHE_CONTROL, ...(from !== undefined && { source: from.source }) }
  app.get<{ Params: { file: string } }>(
    '/:file',
    { schema: { params }, config: { live: true } },
    (request, reply) => {
      const { file } = request.params
      if (from !== undefined && !from.names.includes(file)) return reply.callNotFound()
      return reply.sendRange(file, options)
    },
  )
}

/** The names of the files that `walkFiles` serves from a folder, in order. */
export async function walkFileNames(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true })
  const served = found.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  return served.map(({ name }) => name).sort()
}
