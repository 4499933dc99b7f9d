import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, until } from '../support/serve.ts'
import { BIG, contents, type Handler, served } from './support/two-answers.ts'

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
  ['a short file', '/small', undefined],
  ['a long file', '/first', undefined],
  ['a part', '/first', 'bytes=5-99'],
  ['parts', '/first', 'bytes=5-99,700-799'],
] as const

for (const [name, url, range] of LATE) {
  for (const protocol of ['HTTP/1.1', 'HTTP/2']) {
    t.test(
      `a body that a hook returns after the error of handlerTimeout is not sent (${name}, ${protocol})`,
      async (t) => {
        let isErrorThere = false
        const { port, log } = await serve(t, {
          plugin: { root: t.testdir(contents) },
          server: { handlerTimeout: 100, http2: protocol === 'HTTP/2' } as object,
          routes: (app) => {
            app.addHook('onSend', async (_request, _reply, payload) => {
              if (typeof payload === 'string') {
                isErrorThere = true
                await sleep(50)
              } else await until(() => isErrorThere)
              return payload
            })
            app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
          },
        })
        const received = await (protocol === 'HTTP/2' ? overHttp2 : overHttp1)(port, url, range)
        t.notMatch(received, /aaaa|cccc/, 'no byte of the file')
        t.ok(log.some(({ msg }) => /after the error of a time limit/.test(msg)))
      },
    )
  }
}

async function overHttp1(port: number, url: string, range: string | undefined): Promise<string> {
  const client = await RawClient.connect(port)
  client.request('GET', url, range === undefined ? [] : [`Range: ${range}`])
  const answer = await client.readBytes(10_000_000)
  client.destroy()
  return answer.toString('latin1')
}

async function overHttp2(port: number, url: string, range: string | undefined): Promise<string> {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': url, ...(range && { range }) })
  const chunks: Buffer[] = []
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  return Buffer.concat(chunks).toString('latin1')
}
