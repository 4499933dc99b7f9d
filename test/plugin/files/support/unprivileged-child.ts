// Serves a folder as a user that owns none of it, and prints the answers.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'

const NOBODY = 65534
const [, , root = ''] = process.argv

// Modules that are loaded late must still be readable: everything is imported by now.
readFileSync(process.execPath).at(0)
const app = Fastify()
await app.register(rangePlugin, { root, precompressed: true })
app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
await app.ready()
// What was opened before is kept open.
for (const target of ['/secret.txt', '/closed/f.txt']) await app.inject(target)
process.setgroups?.([])
process.setgid?.(NOBODY)
process.setuid?.(NOBODY)

const answers: Record<string, { status: number; text: string }> = {}
for (const target of ['/open.txt', '/secret.txt', '/closed/f.txt', '/closed/absent.txt']) {
  const { statusCode, headers, body } = await app.inject({
    url: target,
    headers: { 'accept-encoding': 'gzip' },
  })
  answers[target] = { status: statusCode, text: JSON.stringify(headers) + body }
}
process.stdout.write(JSON.stringify(answers))
