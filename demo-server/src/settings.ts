import type { FastifyInstance } from 'fastify'

const reply = {
  type: 'object',
  properties: { otherPort: { type: 'integer' }, filesFrom: { type: 'string' } },
} as const

/** What the page depends on. */
export interface Settings {
  /** The port of the other origin, or undefined until it listens. */
  otherPort: () => number | undefined
  /** Where the files of the walk-through are. */
  filesFrom: 'folder' | 'bucket'
}

/** `GET /settings`: what the page needs to know from the server. */
export async function settings(app: FastifyInstance, { otherPort, filesFrom }: Settings): Promise<void> {
  app.get('/settings', { schema: { response: { 200: reply } } }, async (_request, response) => {
    response.header('cache-control', 'no-store')
    return { otherPort: otherPort(), filesFrom }
  })
}
