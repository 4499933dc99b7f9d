import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

/** The documents that the page links to. */
const NAMES = [
  'README.md',
  'README.zh-CN.md',
  'plugin/README.md',
  'plugin/API.md',
  'demo-client/README.md',
  'demo-client/API.md',
]

/** `GET /documents/<name>`: the documents of this repository, as text that every browser shows. */
export async function documents(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, { root: REPOSITORY, serve: false })
  for (const name of NAMES) {
    app.get(`/documents/${name}`, (_request, reply) =>
      reply.type('text/plain; charset=utf-8').sendFile(name, { contentType: false }),
    )
  }
}
