import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { localhostCertificate } from '../support/localhost-certificate.ts'
import { SIZES } from './content.ts'
import { wholeContent } from './expectation.ts'
import { KeptChunks } from './kept-chunks.ts'
import { KINDS, type Kind } from './neighbour-kinds.ts'

/** What this process says to its parent. */
export type ServerMessage =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'changed'; readonly count: number }

/** Ms for which kept chunks may wait before they are compared again. */
const LAST_LOOK_MS = 100

const kind = KINDS.find(({ name }) => name === process.argv[2])
if (kind === undefined || process.send === undefined) throw new Error('started by run-kind only')
const kept = new KeptChunks()
const folder = mkdtempSync(join(tmpdir(), 'every-byte-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const file of SIZES.keys()) writeFileSync(join(folder, String(file)), wholeContent(file))

kind.before?.(kept)
const { default: rangePlugin } = await import('fastify-send-range')
const app = build(kind)
const { maxOpenFiles } = kind
await app.register(rangePlugin, {
  root: folder,
  etag: 'stat',
  ...(maxOpenFiles !== undefined && { maxOpenFiles }),
})
kind.after?.(app, kept)
app.get<{ Params: { file: string } }>('/:file', async ({ params }, reply) => reply.sendRange(params.file))
say({ type: 'listening', port: await listen(app, kind) })
process.once('message', () => {
  setTimeout(() => {
    process.send?.({ type: 'changed', count: kept.changed } satisfies ServerMessage, () => process.exit(0))
  }, LAST_LOOK_MS)
})
process.once('disconnect', () => process.exit(0))

function say(message: ServerMessage): void {
  process.send?.(message)
}

function build({ transport }: Kind): FastifyInstance {
  const options = { exposeHeadRoutes: false }
  if (transport === 'tls')
    return fastify({ ...options, https: localhostCertificate }) as unknown as FastifyInstance
  if (transport !== 'http2') return fastify(options)
  return fastify({ ...options, http2: true, https: localhostCertificate }) as unknown as FastifyInstance
}

async function listen(app: FastifyInstance, { connection }: Kind): Promise<number> {
  if (connection === undefined) {
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as AddressInfo).port
  }
  await app.ready()
  const front = createServer((socket) => {
    const made = connection(socket, kept)
    made.on('error', () => {})
    app.server.emit('connection', made)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  return (front.address() as AddressInfo).port
}
