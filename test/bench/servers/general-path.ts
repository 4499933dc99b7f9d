import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify'
import { type RangeSource, rangePlugin } from 'fastify-send-range'
import { LARGE_BYTES, LARGE_NAME } from '../fixtures.ts'
import { announce } from './announce.ts'

// Sends the same bytes with sendRange and with a plain stream.pipeline.
const [root = '.', version = 'http1'] = process.argv.slice(2)
const chunk = Buffer.alloc(64 * 1024, 'x')

function* chunks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= chunk.length) yield chunk.subarray(0, left)
}

const source: RangeSource = {
  open: () => ({
    size: LARGE_BYTES,
    etag: '"made"',
    read: ({ first, last }) => chunks(last - first + 1),
    close() {},
  }),
}

function pipe(reply: FastifyReply, readable: Readable): void {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-length': LARGE_BYTES })
  pipeline(readable, reply.raw, () => {})
}

const app = (version === 'http2' ? fastify({ http2: true }) : fastify()) as unknown as FastifyInstance
await app.register(rangePlugin, { root })
app.get('/file/ours', (_request, reply) => reply.sendRange(LARGE_NAME))
app.get('/file/pipeline', (_request, reply) => pipe(reply, createReadStream(join(root, LARGE_NAME))))
app.get('/source/ours', (_request, reply) => reply.sendRange('made', { source }))
app.get('/source/pipeline', (_request, reply) => pipe(reply, Readable.from(chunks(LARGE_BYTES))))
await announce(app)
