import type { FastifyInstance } from 'fastify'

const reply = {
  type: 'object',
  properties: { otherPort: { type: 'integer' } },
} as const

/** `GET /settings`: what the page needs to know from the server. */
export async function settings(
  app: FastifyInstance,
  { otherPort }: { otherPort: () => number | undefined },
): Promise<void> {
  app.get('/settings', { schema: { response: { 200: reply } } }, async (_request, response) => {
    response.header('cache-control', 'no-store')
    return { otherPort: otherPort() }
  })
}
