import { connect } from 'node:http2'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { type RangeSource, rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const CONTENT = Buffer.alloc(200_000, 'abcdefg')

/** A source that calls a function before it opens, as an application may act while a file is being opened. */
function sourceAfter(act: () => unknown): RangeSource {
  return {
    open: async () => {
      await act()
      return {
        size: CONTENT.length,
        etag: '"v"',
        read: ({ first, last }) => [CONTENT.subarray(first, last + 1)],
        close() {},
      }
    },
  }
}

const source = sourceAfter(() => {})

type Handler = (reply: FastifyReply) => unknown

/** Ways to begin an answer on `reply.raw` and leave it. */
const BEGINNINGS: Readonly<Record<string, (raw: FastifyReply['raw']) => unknown>> = {
  writeHead: (raw) => raw.writeHead(200, { 'content-type': 'text/plain' }),
  'writeHead and write': (raw) => raw.writeHead(200, { 'content-length': '100' }).write('mine'),
  write: (raw) => raw.write('mine'),
}

/** When it does so. */
const MOMENTS: Readonly<Record<string, (begin: Handler) => Handler>> = {
  'before the call': (begin) => (reply) => {
    begin(reply)
    return reply.sendRange('x', { source })
  },
  'before the call, in an async handler': (begin) => async (reply) => {
    begin(reply)
    return reply.sendRange('x', { source })
  },
  'right after the call': (begin) => (reply) => {
    const sent = reply.sendRange('x', { source })
    begin(reply)
    return sent
  },
  'while the source opens': (begin) => (reply) =>
    reply.sendRange('x', { source: sourceAfter(() => begin(reply)) }),
  'in the handler of an error': (begin) => (reply) => {
    const broken: RangeSource = {
      open: () => {
        throw Object.assign(new Error('broken'), { begin })
      },
    }
    return reply.sendRange('x', { source: broken })
  },
}

function routes(handler: Handler): (app: FastifyInstance) => void {
  return (app) => {
    app.setErrorHandler((error: Error & { cause?: { begin?: Handler } }, _request, reply) => {
      error.cause?.begin?.(reply)
      return reply.sendRange('x', { source })
    })
    app.get('/', (_request, reply) => handler(reply))
  }
}

for (const [moment, at] of Object.entries(MOMENTS)) {
  t.test(`an answer that is begun on reply.raw and left to sendRange is cut (${moment})`, async (t) => {
    for (const [name, begin] of Object.entries(BEGINNINGS)) {
      const handler = at((reply) => begin(reply.raw))
      const { port, log } = await serve(t, { routes: routes(handler) })
      const client = await RawClient.connect(port)
      client.request('GET', '/')
      t.notMatch(
        (await client.readBytes(10_000)).toString(),
        'abcdefg',
        `${name}: and ends, with nothing of the file in it`,
      )
      t.ok(
        log.some(({ level, msg }) => level === 40 && msg.includes('reply.raw')),
        `${name}: a warning says why`,
      )
      t.equal(await howHttp2Ends(t, handler), 'cut', `${name}, HTTP/2`)
    }
  })
}

async function howHttp2Ends(t: Test, handler: Handler): Promise<'whole' | 'cut'> {
  const { port } = await serve(t, { routes: routes(handler), server: { http2: true } })
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  stream.resume()
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  return stream.rstCode === 0 ? 'whole' : 'cut'
}

/** A stream whose bytes come a little later. */
function slow(): Readable {
  return Readable.from(
    (async function* () {
      yield 'mine'
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      yield ', whole'
    })(),
  )
}

/** Answers that the application, or Fastify, ends. */
const OWN: Readonly<Record<string, Handler>> = {
  'hijacked, before the call': (reply) => {
    reply.hijack()
    reply.raw.write('mine')
    reply.sendRange('x', { source })
    setTimeout(() => reply.raw.end(', whole'), 20)
  },
  'hijacked, after the call': (reply) => {
    reply.sendRange('x', { source })
    reply.hijack()
    reply.raw.write('mine')
    setTimeout(() => reply.raw.end(', whole'), 20)
  },
  'hijacked while the source opens': (reply) =>
    reply.sendRange('x', {
      source: sourceAfter(() => {
        reply.hijack()
        reply.raw.write('mine')
        setTimeout(() => reply.raw.end(', whole'), 20)
      }),
    }),
  'ended on reply.raw': (reply) => {
    reply.raw.write('mine')
    reply.raw.end(', whole')
    return reply.sendRange('x', { source })
  },
  'piped into reply.raw': (reply) => {
    slow().pipe(reply.raw)
    reply.raw.writeHead(200)
    return reply.sendRange('x', { source })
  },
  'a stream that Fastify sends': (reply) => {
    reply.send(slow())
    return reply.sendRange('x', { source })
  },
  'a stream of the web that Fastify sends': (reply) => {
    reply.send(Readable.toWeb(slow()))
    setImmediate(() => reply.sendRange('x', { source }))
  },
  'a stream that Fastify sends while the source opens': (reply) =>
    reply.sendRange('x', { source: sourceAfter(() => void reply.send(slow())) }),
}

t.test('an answer that the application ends is left alone', async (t) => {
  for (const [name, handler] of Object.entries(OWN)) {
    const { port } = await serve(t, { routes: (app) => app.get('/', (_request, reply) => handler(reply)) })
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    t.equal(await answer.text(), 'mine, whole', name)
  }
})

t.test('an answer is left alone when a send of the application hides what it sends', async (t) => {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  app.decorateReply('send', function (this: FastifyReply, payload: unknown) {
    return (Object.getPrototypeOf(Object.getPrototypeOf(this)) as FastifyReply).send.call(this, payload)
  } as FastifyReply['send'])
  await app.register(rangePlugin, { source })
  app.get('/', (_request, reply) => {
    reply.send(Readable.toWeb(slow()))
    setImmediate(() => reply.sendRange('x'))
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  t.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'mine, whole')
})
