// Serves more files at once than it has descriptors for, and prints what the answers were.
import { closeSync, openSync } from 'node:fs'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'

const [, , root = ''] = process.argv

const app = Fastify()
await app.register(rangePlugin, { root, maxOpenFiles: 0 })
app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
await app.ready()

const hoard: number[] = []
try {
  for (;;) hoard.push(openSync('/dev/null', 'r'))
} catch {
  // Two are left.
  for (const fd of hoard.splice(0, 2)) closeSync(fd)
}
const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => app.inject(`/${index}.bin`)))
for (const fd of hoard) closeSync(fd)
const later = await app.inject('/f.txt')
process.stdout.write(
  JSON.stringify({
    statuses: answers.map(({ statusCode }) => statusCode),
    retryAfter: answers
      .filter(({ statusCode }) => statusCode === 503)
      .map(({ headers }) => headers['retry-after']),
    later: later.statusCode,
  }),
)
