import { writeFileSync } from 'node:fs'
import { connect, constants } from 'node:http2'
import { join } from 'node:path'
import { PassThrough, pipeline, Readable, Transform } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'

const SIZE = 3_000_000
const HALF = SIZE / 2

type Payload = Readable & { readonly length?: number }
type Hook = (payload: Payload, reply: FastifyReply) => unknown

/** Passes on half of the bytes, and then does this. */
function half(then: (stream: Transform, done: (error?: Error) => void) => void): Transform {
  let seen = 0
  let isDone = false
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isDone) return done()
      const part = chunk.subarray(0, HALF - seen)
      seen += part.length
      this.push(part)
      if (seen < HALF) return done()
      isDone = true
      then(this, done)
    },
  })
}

const quietly = (): void => {}

/** Leaves the payload as it is, and does this after half of it. */
function whenHalfGone(payload: Readable, act: () => void): Readable {
  return pipeline(
    payload,
    half((_stream) => setTimeout(act, 50)),
    quietly,
  )
}

/** Hooks that replace a body with one that ends in the middle. */
const EARLY: Readonly<Record<string, Hook>> = {
  'a stream that fails': (payload) =>
    pipeline(
      payload,
      half((_stream, done) => done(new Error('a scan has found something'))),
      quietly,
    ),
  'a stream that is destroyed': (payload) =>
    pipeline(
      payload,
      half((stream) => stream.destroy()),
      quietly,
    ),
  'a stream that ends early': (payload) =>
    payload.pipe(
      half((stream, done) => {
        stream.push(null)
        done()
      }),
    ),
  'a generator that throws': (payload) =>
    Readable.from(
      (async function* () {
        let seen = 0
        for await (const chunk of payload as AsyncIterable<Buffer>) {
          yield chunk
          seen += chunk.length
          if (seen > HALF) throw new Error('no more')
        }
      })(),
    ),
  'a generator that returns early': (payload) =>
    Readable.from(
      (async function* () {
        let seen = 0
        for await (const chunk of payload as AsyncIterable<Buffer>) {
          yield chunk
          seen += chunk.length
          if (seen > HALF) return
        }
      })(),
    ),
  'a web stream that fails': (payload) =>
    (Readable.toWeb(payload) as ReadableStream<Uint8Array>).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          controller.enqueue(chunk)
          controller.error(new Error('no more'))
        },
      }),
    ),
  'raw.end()': (payload, reply) => whenHalfGone(payload, () => reply.raw.end()),
  'raw.destroy()': (payload, reply) => whenHalfGone(payload, () => reply.raw.destroy()),
  'raw.stream.end()': (payload, reply) => whenHalfGone(payload, () => streamOf(reply).end()),
  'raw.stream.close()': (payload, reply) => whenHalfGone(payload, () => streamOf(reply).close()),
  'raw.stream.close(CANCEL)': (payload, reply) =>
    whenHalfGone(payload, () => streamOf(reply).close(constants.NGHTTP2_CANCEL)),
  'raw.stream.destroy()': (payload, reply) => whenHalfGone(payload, () => streamOf(reply).destroy()),
}

/** These send less than their Content-Length before the first byte. */
const AT_ONCE: Readonly<Record<string, Hook>> = {
  'an empty stream': () => Readable.from([]),
  'a stream of one byte': () => Readable.from([Buffer.of(1)]),
  'a stream that is longer': () => Readable.from([Buffer.alloc(SIZE + 1)]),
}

/** These send all of their answer. */
const WHOLE: Readonly<Record<string, Hook>> = {
  'the body itself': (payload) => payload,
  'a pipeline': (payload) => pipeline(payload, new PassThrough(), quietly),
  'a generator': (payload) =>
    Readable.from(
      (async function* () {
        for await (const chunk of payload as AsyncIterable<Buffer>) yield chunk
      })(),
    ),
  'a web stream': (payload) => Readable.toWeb(payload),
  'a stream that reads the length and no further': (payload) => {
    let seen = 0
    return payload.pipe(
      new Transform({
        transform(chunk: Buffer, _encoding, done) {
          seen += chunk.length
          this.push(chunk)
          if (seen === SIZE) this.push(null)
          done()
        },
      }),
    )
  },
}

function streamOf({ raw }: { readonly raw: object }) {
  return (raw as { stream: import('node:http2').ServerHttp2Stream }).stream
}

type Length = 'with Content-Length' | 'without Content-Length'

async function serveThrough(t: Test, hook: Hook, length: Length): Promise<number> {
  const root = t.testdir({ 'large.bin': '', 'small.bin': '' })
  writeFileSync(join(root, 'large.bin'), Buffer.alloc(SIZE, 'x'))
  writeFileSync(join(root, 'small.bin'), Buffer.alloc(1000, 'x'))
  const { port } = await serve(t, {
    server: { http2: true },
    plugin: { root },
    routes(app: FastifyInstance) {
      app.addHook('onSend', async (_request: FastifyRequest, reply, payload) => {
        if (typeof payload !== 'object' || payload === null) return payload
        if (length === 'without Content-Length') reply.removeHeader('content-length')
        return hook(payload as Payload, reply)
      })
      app.get<{ Params: { name: string } }>('/:name', (request, reply) =>
        reply.sendRange(request.params.name),
      )
    },
  })
  return port
}

interface End {
  readonly bytes: number
  /** 'whole', or the code of RST_STREAM. */
  readonly how: string | number | undefined
}

function get(t: Test, port: number, path: string): Promise<End> {
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  session.on('error', () => {})
  const stream = session.request({ ':path': path })
  let bytes = 0
  let hasEnded = false
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  stream.on('end', () => {
    hasEnded = true
  })
  return new Promise((resolve) => {
    stream.on('close', () => {
      const isWhole = hasEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR
      resolve({ bytes, how: isWhole ? 'whole' : stream.rstCode })
    })
  })
}

const INTERNAL_ERROR = constants.NGHTTP2_INTERNAL_ERROR
const LENGTHS: readonly Length[] = ['with Content-Length', 'without Content-Length']

for (const length of LENGTHS) {
  t.test(`an HTTP/2 answer ${length} that ends early is reset with INTERNAL_ERROR`, async (t) => {
    for (const [name, hook] of Object.entries(EARLY)) {
      await t.test(name, async (t) => {
        const port = await serveThrough(t, hook, length)
        const { bytes, how } = await get(t, port, '/large.bin')
        t.equal(how, INTERNAL_ERROR)
        t.ok(bytes < SIZE)
      })
    }
  })

  t.test(`an HTTP/2 answer ${length} that gives all of the body ends well`, async (t) => {
    for (const [name, hook] of Object.entries(WHOLE)) {
      await t.test(name, async (t) => {
        const port = await serveThrough(t, hook, length)
        t.strictSame(await get(t, port, '/large.bin'), { bytes: SIZE, how: 'whole' })
      })
    }
  })
}

t.test(
  'an HTTP/2 answer of another length than its Content-Length is reset with INTERNAL_ERROR',
  async (t) => {
    for (const [name, hook] of Object.entries(AT_ONCE)) {
      await t.test(name, async (t) => {
        const port = await serveThrough(t, hook, 'with Content-Length')
        t.equal((await get(t, port, '/large.bin')).how, INTERNAL_ERROR)
      })
    }
  },
)

t.test('a short HTTP/2 answer is reset when a stream of a hook replaces it and fails', async (t) => {
  const failing: Hook = (payload) =>
    Readable.from(
      (async function* () {
        yield Buffer.from(payload as unknown as Uint8Array).subarray(0, 500)
        await new Promise((resolve) => setTimeout(resolve, 50))
        throw new Error('no more')
      })(),
    )
  for (const length of LENGTHS) {
    const port = await serveThrough(t, failing, length)
    t.strictSame(await get(t, port, '/small.bin'), { bytes: 500, how: INTERNAL_ERROR }, length)
  }
})

t.test('an answer that a hook replaces with another status ends well', async (t) => {
  const page = 'Back soon'
  const instead: Hook = (_payload, reply) => {
    reply.code(503)
    return Readable.from([Buffer.from(page)])
  }
  const port = await serveThrough(t, instead, 'without Content-Length')
  t.strictSame(await get(t, port, '/large.bin'), { bytes: page.length, how: 'whole' })
  t.strictSame(await get(t, port, '/small.bin'), { bytes: page.length, how: 'whole' })
  const text = await serveThrough(t, () => page, 'with Content-Length')
  t.strictSame(await get(t, text, '/large.bin'), { bytes: page.length, how: 'whole' })
  const nothing = await serveThrough(t, (_payload, reply) => void reply.code(204), 'with Content-Length')
  t.strictSame(await get(t, nothing, '/large.bin'), { bytes: 0, how: 'whole' })
})

t.test('an answer that a hook sends on the stream itself is left alone', async (t) => {
  const root = t.testdir({ 'own.txt': 'own' })
  const never = new Promise<never>(() => {})
  const byFile: Hook = (_payload, reply) => {
    streamOf(reply).respondWithFile(join(root, 'own.txt'), { 'content-length': 3 })
    return never
  }
  const byHand: Hook = (_payload, reply) => {
    streamOf(reply).respond({ ':status': 200 })
    streamOf(reply).end('own')
    return never
  }
  for (const [name, hook] of Object.entries({ byFile, byHand })) {
    await t.test(name, async (t) => {
      const port = await serveThrough(t, hook, 'with Content-Length')
      t.strictSame(await get(t, port, '/large.bin'), { bytes: 3, how: 'whole' })
    })
  }
})
