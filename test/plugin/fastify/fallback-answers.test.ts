import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, until } from '../support/serve.ts'
import { BIG, contents, type Handler, served } from './support/two-answers.ts'

/** The line of the log about an answer that a hook has kept. */
const LIMIT_OVER = /longer than handlerTimeout/

/** Handlers that answer with a file after a failure. */
const FALLBACKS: readonly { name: string; handler: Handler; routes?: (app: FastifyInstance) => unknown }[] = [
  { name: 'what is not there', handler: (reply) => reply.sendRange('absent') },
  { name: 'wrong options', handler: (reply) => reply.sendRange('first', null as never) },
  { name: 'two answers', handler: (reply) => reply.sendRange('first').sendRange('second') },
  {
    name: 'a source that fails to open',
    handler: (reply) =>
      reply.sendRange('x', { source: { open: async () => Promise.reject(new Error('broken')) } }),
  },
  {
    name: 'a source that fails before its first byte',
    handler: (reply) =>
      reply.sendRange('x', {
        source: {
          open: () => ({
            size: BIG,
            // biome-ignore lint/correctness/useYield: it fails
            async *read(): AsyncGenerator<Uint8Array> {
              await sleep(5)
              throw new Error('broken')
            },
            close() {},
          }),
        },
      }),
  },
  {
    name: 'a hook that fails once',
    handler: (reply) => reply.sendRange('first'),
    routes: (app) => {
      app.addHook('onSend', async (request, reply, payload) => {
        await sleep(5)
        if (request.url === '/' && reply.statusCode === 200) throw new Error('of the hook')
        return payload
      })
    },
  },
  {
    name: 'a handler that throws afterwards',
    handler: (reply) => {
      reply.sendRange('first')
      throw new Error('of the handler')
    },
  },
]

for (const { name, handler, routes } of FALLBACKS) {
  t.test(`an error handler may answer with a file, and fail itself (${name})`, async (t) => {
    for (const [page, want] of [
      ['small', 'small'],
      ['absent too', 'error'],
      [null, 'error'],
    ] as const) {
      const { root, port } = await served(
        t,
        (app) => {
          routes?.(app)
          app.setErrorHandler((_error, _request, reply) => reply.code(500).sendRange(page as string))
          app.setNotFoundHandler((_request, reply) => reply.code(404).sendRange(page as string))
        },
        handler,
      )
      const client = await RawClient.connect(port)
      const { status, body } = await client.exchange('GET', '/')
      t.ok(status >= 400, `${page}: ${status}`)
      if (want === 'small') sameBytes(t, body, contents.small, `${page}: ${body.length} bytes`)
      sameBytes(t, (await client.exchange('GET', '/next')).body, contents.small)
      client.destroy()
      await until(() => descriptorsBelow(root) === 0)
    }
  })
}

t.test("Fastify's handlerTimeout answers when a source takes too long", async (t) => {
  const never = new Promise<never>(() => {})
  for (const source of [
    { open: () => never },
    {
      open: () => ({
        size: 100,
        etag: '"never"',
        async *read(): AsyncGenerator<Uint8Array> {
          yield await never
        },
        close() {},
      }),
    },
  ]) {
    const { app, port } = await serve(t, {
      plugin: { root: t.testdir(contents), source },
      server: { handlerTimeout: 50 } as object,
    })
    const client = await RawClient.connect(port)
    const { status, fields } = await client.exchange('GET', '/x')
    t.equal(status, 503)
    t.equal(fields.has('etag'), false)
    client.destroy()
    await app.close()
  }
})

t.test("Fastify's handlerTimeout cuts an answer that has begun", async (t) => {
  const content = Buffer.alloc(200_000, 'a')
  const source = {
    open: () => ({
      size: content.length,
      etag: '"slow"',
      async *read(): AsyncGenerator<Uint8Array> {
        yield content.subarray(1)
        yield await new Promise<never>(() => {})
      },
      close() {},
    }),
  }
  const { port } = await serve(t, { plugin: { source }, server: { handlerTimeout: 500 } as object })
  const client = await RawClient.connect(port)
  client.request('GET', '/x')
  const answer = await client.readBytes(content.length * 2)
  t.match(answer.toString('latin1', 0, 100), 'HTTP/1.1 200 OK')
  t.ok(answer.length < content.length + 1000, 'the connection ends before the body does')
  client.destroy()
})

const LATE = [
  ['a short file', '/small', {}],
  ['a long file', '/first', {}],
  ['a part', '/first', { range: 'bytes=5-99' }],
  ['parts', '/first', { range: 'bytes=5-99,700-799' }],
  ['a 304', '/first', { 'if-none-match': '*' }],
  ['a 412', '/first', { 'if-match': '"other"' }],
  ['a 416', '/first', { range: 'bytes=999999-' }],
  ['a 404', '/absent', {}],
] as const

/** What error handlers do with the error of a time limit. */
const OF_ERRORS: readonly { name: string; handler?: (error: Error, reply: FastifyReply) => unknown }[] = [
  { name: 'Fastify sends the error' },
  { name: 'a handler sends another file', handler: (_error, reply) => reply.code(200).sendRange('second') },
]

/** Hooks that have an answer when handlerTimeout is over, and return it later, or a copy. */
const KEEPING_HOOKS: readonly { name: string; add(app: FastifyInstance): void }[] = [
  {
    name: 'async',
    add: (app) =>
      app.addHook('onSend', async (_request, reply, payload) => {
        await sendLimit(reply)
        return payload instanceof Uint8Array ? Buffer.from(payload) : payload
      }),
  },
  {
    name: 'with a callback',
    add: (app) =>
      app.addHook('onSend', (_request, reply, payload, done) => {
        void sendLimit(reply).then(() => setImmediate(done, null, payload))
      }),
  },
]

/** Replies whose time is over. */
const over = new WeakSet<FastifyReply>()

/** Does what Fastify does when the time is over. */
async function sendLimit(reply: FastifyReply): Promise<void> {
  if (over.has(reply)) return
  over.add(reply)
  reply.send(new Fastify.errorCodes.FST_ERR_HANDLER_TIMEOUT('50', '/'))
  await sleep(1)
}

for (const [name, url, fields] of LATE) {
  for (const protocol of ['HTTP/1.1', 'HTTP/2']) {
    t.test(
      `an answer that a hook keeps for longer than handlerTimeout is cut (${name}, ${protocol})`,
      async (t) => {
        for (const onError of OF_ERRORS) {
          for (const hook of KEEPING_HOOKS) {
            const { app, port, log } = await serve(t, {
              plugin: { root: t.testdir(contents) },
              server: { http2: protocol === 'HTTP/2' } as object,
              routes: (app) => {
                const { handler } = onError
                if (handler !== undefined)
                  app.setErrorHandler((error: Error, _request, reply) =>
                    isLimit(error) ? handler(error, reply) : reply.send(error),
                  )
                hook.add(app)
                app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
              },
            })
            const received = await (protocol === 'HTTP/2' ? overHttp2 : overHttp1)(port, url, fields)
            t.equal(received, '', `${onError.name}, hook ${hook.name}`)
            t.ok(log.some(({ msg }) => LIMIT_OVER.test(String(msg))))
            await app.close()
          }
        }
      },
    )
  }
}

function isLimit(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'FST_ERR_HANDLER_TIMEOUT'
}

t.test("Fastify's handlerTimeout cuts an answer that a hook keeps", async (t) => {
  const { port, log } = await serve(t, {
    plugin: { root: t.testdir(contents) },
    server: { handlerTimeout: 1000 } as object,
    routes: (app) => {
      app.addHook('onSend', async (_request, _reply, payload) => {
        if (payload instanceof Uint8Array)
          await until(() => log.some(({ msg }) => LIMIT_OVER.test(String(msg))))
        return payload
      })
      app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
    },
  })
  t.equal(await overHttp1(port, '/small', {}), '')
})

t.test('an error handler may send the error of handlerTimeout again', async (t) => {
  const { port } = await serve(t, {
    plugin: { source: { open: () => new Promise<never>(() => {}) } },
    server: { handlerTimeout: 50 } as object,
    routes: (app) => {
      app.setErrorHandler((error: Error, _request, reply) => reply.send(error))
      app.get('/*', (_request, reply) => reply.sendRange('x'))
    },
  })
  const client = await RawClient.connect(port)
  t.equal((await client.exchange('GET', '/x')).status, 503)
  client.destroy()
})

type Fields = Readonly<Record<string, string>>

async function overHttp1(port: number, url: string, fields: Fields): Promise<string> {
  const client = await RawClient.connect(port)
  client.request(
    'GET',
    url,
    Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
  )
  const answer = await client.readBytes(10_000_000)
  client.destroy()
  return answer.toString('latin1')
}

async function overHttp2(port: number, url: string, fields: Fields): Promise<string> {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': url, ...fields })
  const chunks: Buffer[] = []
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  return Buffer.concat(chunks).toString('latin1')
}
