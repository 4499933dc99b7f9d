import { fastify } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import { announce } from './announce.ts'

const [root = '.'] = process.argv.slice(2)
const app = fastify()
await app.register(rangePlugin, { root })
app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
await announce(app)
