import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { KeptChunks } from './kept-chunks.ts'
import { type Delivery, LateDuplex } from './late-duplex.ts'
import { addOnlooker, addOnlookerAndWait, addReplacement, type Look, type Turn } from './onlookers.ts'
import { wrapResponses, wrapSocket } from './wrappers.ts'

/** How clients reach the server. */
export type Transport = 'http' | 'tls' | 'http2' | 'duplex'

/** One kind of code that runs beside the plugin. */
export interface Kind {
  readonly name: string
  readonly transport?: Transport
  /** What is done before the plugin is imported. */
  readonly before?: (kept: KeptChunks) => void
  /** What is done after it, before the server listens. */
  readonly after?: (app: FastifyInstance, kept: KeptChunks) => void
  /** The `maxOpenFiles` option. */
  readonly maxOpenFiles?: number
  /** The connection that is made of an accepted socket. */
  readonly connection?: (socket: Socket, kept: KeptChunks) => LateDuplex
}

const DELAY_MS = 30
const LOOKS: readonly Look[] = ['data', 'pipe', 'readable']
/** Long enough for bytes to flow. */
const WAIT_MS = 2
const TURNS: readonly Turn[] = ['at once', 'immediate', 'timeout']

/** Every kind that the test runs. */
export const KINDS: readonly Kind[] = [
  { name: 'none' },
  { name: 'none, TLS', transport: 'tls' },
  { name: 'none, HTTP/2', transport: 'http2' },
  ...LOOKS.flatMap((look) =>
    TURNS.map((turn) => ({
      name: `onlooker: ${look}, ${turn}`,
      after: (app: FastifyInstance) => addOnlooker(app, look, turn),
    })),
  ),
  ...LOOKS.map((look) => ({
    name: `onlooker: ${look}, then a wait`,
    after: (app: FastifyInstance) => addOnlookerAndWait(app, look, WAIT_MS),
  })),
  ...LOOKS.map((look) => ({
    name: `onlooker: ${look}, then a wait, no file kept open`,
    maxOpenFiles: 0,
    after: (app: FastifyInstance) => addOnlookerAndWait(app, look, WAIT_MS),
  })),
  {
    name: 'onlooker: data, at once, HTTP/2',
    transport: 'http2',
    after: (app) => addOnlooker(app, 'data', 'at once'),
  },
  { name: 'replaced by a PassThrough', after: addReplacement },
  { name: 'response wrapped before', before: (kept) => wrapResponses({ kept }) },
  { name: 'response wrapped before, delayed', before: (kept) => wrapResponses({ kept, delay: DELAY_MS }) },
  { name: 'response wrapped after', after: (_app, kept) => wrapResponses({ kept }) },
  {
    name: 'response wrapped after, delayed',
    after: (_app, kept) => wrapResponses({ kept, delay: DELAY_MS }),
  },
  { name: 'socket wrapped', after: (app, kept) => wrapSockets(app, kept) },
  { name: 'socket wrapped, delayed', after: (app, kept) => wrapSockets(app, kept, DELAY_MS) },
  duplex('duplex', 'at once'),
  duplex('duplex, late', 'late'),
  { name: 'reply.send wrapped', after: wrapSend },
  { name: 'diagnostics channels', before: subscribeToAll },
]

function duplex(name: string, delivery: Delivery): Kind {
  return { name, transport: 'duplex', connection: (socket, kept) => new LateDuplex(socket, kept, delivery) }
}

function wrapSockets(app: FastifyInstance, kept: KeptChunks, delay?: number): void {
  app.server.on('connection', (socket) => wrapSocket(socket, { kept, ...(delay !== undefined && { delay }) }))
}

function wrapSend(app: FastifyInstance): void {
  app.addHook('onRequest', async (_request, reply) => {
    const send = reply.send
    reply.send = function (payload?: unknown) {
      return Reflect.apply(send, this, [payload])
    }
  })
}

function subscribeToAll(): void {
  const names = ['http.server.request.start', 'http.server.response.finish', 'net.server.socket']
  const ours = ['served', 'aborted', 'refused'].map((name) => `fastify-send-range:${name}`)
  for (const name of [...names, ...ours]) subscribe(name, () => {})
}
