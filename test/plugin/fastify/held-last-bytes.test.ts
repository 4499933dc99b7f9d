import { once } from 'node:events'
import { Readable, Transform } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import t from 'tap'
import { CONTENTS, contentOf, type Hook, type Payload, serveBehind } from './support/hooked.ts'
import { askHttp2, askTwo } from './support/two-requests-client.ts'

const stream = (payload: Payload): Readable => (Buffer.isBuffer(payload) ? Readable.from([payload]) : payload)

/** The content of an answer in chunks of exactly its length, and more bytes after them. */
function tooLong(reply: FastifyReply, chunkCount: number, more: readonly Buffer[]): Readable {
  const length = Number(reply.getHeader('content-length'))
  const size = Math.ceil(length / chunkCount)
  return Readable.from(
    (async function* () {
      for (let at = 0; at < length; at += size) yield Buffer.alloc(Math.min(size, length - at), '?')
      for (const chunk of more) {
        // The bytes before were sent.
        await nextTurn()
        await nextTurn()
        yield chunk
      }
    })(),
  )
}

const doubled: Hook = (_reply, payload) =>
  stream(payload).pipe(
    new Transform({
      transform: (chunk: Buffer, _encoding, done) => done(null, Buffer.concat([chunk, chunk])),
    }),
  )

const TOO_LONG: Readonly<Record<string, Hook>> = {
  'one chunk and a byte': (reply) => tooLong(reply, 1, [Buffer.of(1)]),
  'two chunks and many bytes': (reply) => tooLong(reply, 2, [Buffer.alloc(100_000)]),
  'a hundred chunks, an empty one and a byte': (reply) =>
    tooLong(reply, 100, [Buffer.alloc(0), Buffer.of(1)]),
  'bytes one by one': (reply) => tooLong(reply, 600, [Buffer.of(1)]),
  'each chunk twice': doubled,
}

const FILES = ['small', 'large', 'streamed']
const RANGES = [undefined, 'bytes=0-599', 'bytes=0-65535', 'bytes=0-131071', 'bytes=0-99,400-499']
const fieldsOf = (range: string | undefined): Record<string, string> => (range === undefined ? {} : { range })

for (const length of ['with', 'without'] as const) {
  for (const [name, hook] of Object.entries(TOO_LONG)) {
    const onSend: Hook = (reply, payload) => {
      const body = hook(reply, payload)
      if (length === 'without') reply.removeHeader('content-length')
      return body
    }
    // A 200 without a length has the bytes of the hook, with a weak tag.
    const isHeld = (range: string | undefined): boolean => length === 'with' || range !== undefined

    t.test(`HTTP/1.1: ${name}, ${length} Content-Length: the answer is never complete`, async (t) => {
      const { port } = await serveBehind(t, { onSend })
      for (const file of FILES) {
        for (const range of RANGES.filter(isHeld)) {
          const seen = await askTwo(port, { path: `/f/${file}`, fields: fieldsOf(range) })
          t.equal(seen.isWhole, false, `${file} ${range}`)
          t.equal(seen.next, 'nothing', `${file} ${range}`)
        }
      }
    })

    t.test(`HTTP/2: ${name}, ${length} Content-Length: the answer is never complete`, async (t) => {
      const { port } = await serveBehind(t, { onSend }, { http2: true })
      for (const file of FILES) {
        for (const range of RANGES.filter(isHeld)) {
          const seen = await askHttp2(port, { path: `/f/${file}`, fields: fieldsOf(range) })
          t.equal(seen.isWhole, false, `${file} ${range}`)
          t.notOk(seen.body.length > Number(seen.fields['content-length'] ?? Infinity), 'no byte too much')
        }
      }
    })
  }
}

t.test('HTTP/2: a short range is cut when other bytes of the same length replace it', async (t) => {
  for (const onSend of [
    (): unknown => 'x'.repeat(600),
    (): unknown => Readable.from([Buffer.alloc(599, 'x'), Buffer.of(1)]),
  ]) {
    const { port } = await serveBehind(t, { onSend }, { http2: true })
    const seen = await askHttp2(port, { path: '/f/small', fields: { range: 'bytes=0-599' } })
    t.equal(seen.isWhole, false)
  }
})

t.test('an empty file is cut when a hook replaces it with bytes', async (t) => {
  const onSend: Hook = () => Readable.from([Buffer.from('HTTP/1.1 200 OK\r\n\r\n')])
  const { port } = await serveBehind(t, { onSend })
  const seen = await askTwo(port, { path: '/f/empty' })
  t.equal(seen.isWhole, false)
  t.equal(seen.next, 'nothing')
  const http2 = await serveBehind(t, { onSend }, { http2: true })
  t.equal((await askHttp2(http2.port, { path: '/f/empty' })).isWhole, false)
})

/** Writes the same bytes into the response by hand. */
function writing(write: (reply: FastifyReply, chunk: Buffer) => Promise<void>): Hook {
  return (reply, payload) => {
    const source = stream(payload)
    const { raw } = reply
    const run = async (): Promise<void> => {
      raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>)
      for await (const chunk of source) await write(reply, chunk as Buffer)
      raw.end()
    }
    reply.hijack()
    run().catch(() => raw.destroy())
    // Otherwise Fastify would send the payload.
    return new Promise(() => {})
  }
}

const BY_HAND: Readonly<Record<string, Hook>> = {
  'waits for each callback': writing(
    ({ raw }, chunk) => new Promise((resolve) => raw.write(chunk, () => resolve())),
  ),
  'waits for each callback, byte by byte at the end': writing(async ({ raw }, chunk) => {
    const write = (part: Buffer): Promise<void> => new Promise((resolve) => raw.write(part, () => resolve()))
    await write(chunk.subarray(0, -3))
    for (const byte of chunk.subarray(-3)) await write(Buffer.of(byte))
  }),
  'waits for drain': writing(async ({ raw }, chunk) => {
    if (!raw.write(chunk)) await once(raw, 'drain')
  }),
  'writes strings with an encoding': writing(
    ({ raw }, chunk) =>
      new Promise((resolve) => raw.write(chunk.toString('base64'), 'base64', () => resolve())),
  ),
}

for (const [name, onSend] of Object.entries(BY_HAND)) {
  t.test(`a hook that ${name} sends every byte`, async (t) => {
    const { port } = await serveBehind(t, { onSend })
    for (const file of Object.keys(CONTENTS).filter((file) => file !== 'empty')) {
      const seen = await askTwo(port, { path: `/f/${file}` })
      t.ok(seen.isWhole && seen.body.equals(contentOf(file)), file)
      t.equal(seen.next, 'still here')
    }
  })
}
