// Serves more files at once than it has descriptors for, and prints what the answers were.
import { closeSync, openSync } from 'node:fs'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'

const [, , root = ''] = process.argv

const app = Fastify()
await app.register(rangePlugin, { root })
app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
await app.ready()

const hoard: number[] = []
try {
  for (;;) hoard.push(openSync('/dev/null', 'r'))
} catch {
  // A few are left.
  for (const fd of hoard.splice(0, 4)) closeSync(fd)
}
const oneByOne: number[] = []
for (let index = 0; index < 10; index++) oneByOne.push((await app.inject(`/${index}.bin`)).statusCode)
const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => app.inject(`/${index}.bin`)))
for (const fd of hoard) closeSync(fd)
const later = await app.inject('/f.txt')
process.stdout.write(
  JSON.stringify({
    oneByOne,
    statuses: answers.map(({ statusCode }) => statusCode),
    retryAfter: answers
      .filter(({ statusCode }) => statusCode === 503)
      .map(({ headers }) => headers['retry-after']),
    later: later.statusCode,
  }),
)
