import { readFileSync } from 'node:fs'
import { type FastifyInstance, fastify } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import type { Transport } from '../load/protocol.ts'
import { announce } from './announce.ts'

const [root = '.', transport = 'http', cert = '', key = ''] = process.argv.slice(2)

/** As an application makes it for each transport. */
function makeApp(): FastifyInstance {
  if ((transport as Transport) === 'http') return fastify()
  const https = { cert: readFileSync(cert), key: readFileSync(key) }
  const app = transport === 'h2' ? fastify({ http2: true, https }) : fastify({ https })
  return app as unknown as FastifyInstance
}

const app = makeApp()
await app.register(rangePlugin, { root })
app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
await announce(app)
