// Serves two folders under Node's permission model, and prints what the answers were.
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'

const [, , open = '', denied = ''] = process.argv

const app = Fastify()
await app.register(rangePlugin, { root: open })
app.get<{ Params: { '*': string } }>('/open/*', (request, reply) => reply.sendRange(request.params['*']))
app.get<{ Params: { '*': string } }>('/denied/*', (request, reply) =>
  reply.sendRange(request.params['*'], { root: denied }),
)
await app.ready()

const answers: Record<string, { status: number; text: string }> = {}
for (const target of ['/open/open.txt', '/denied/secret.txt', '/denied/absent.txt']) {
  const { statusCode, headers, body } = await app.inject(target)
  answers[target] = { status: statusCode, text: JSON.stringify(headers) + body }
}
process.stdout.write(JSON.stringify(answers))
