import { fastify } from 'fastify'
import { announce } from './announce.ts'

/** The answer of one URL to every request. */
export interface FixedAnswer {
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The content, in Base64. */
  readonly bytes: string
}

// Shows the cost of Fastify itself. It sends the same answer as the plugin, from memory.
const [answers = '[]'] = process.argv.slice(2)
const app = fastify()
for (const { url, status, headers, bytes } of JSON.parse(answers) as FixedAnswer[]) {
  const content = bytes === '' ? undefined : Buffer.from(bytes, 'base64')
  app.get(url, (_request, reply) => reply.code(status).headers(headers).send(content))
}
await announce(app)
