import { once } from 'node:events'
import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from '../files/support/raw-client.ts'
import { descriptorsBelow, type Served, serve, until } from '../files/support/serve.ts'

const BIG = 3_000_000
const BIGGER = 5_800_000
const MINE = 'mine, and nothing else'

const contents = {
  first: Buffer.alloc(BIG, 'a'),
  second: Buffer.alloc(BIGGER, 'b'),
  small: Buffer.alloc(100, 'c'),
}

/** What a client can be given: the first whole, the answer of the application, or an error. */
type Answer = 'first' | 'small' | 'mine' | 'error' | 'empty'

type Handler = (reply: FastifyReply) => unknown

interface Row {
  readonly name: string
  readonly handler: Handler
  /** One of these: which one is a matter of which comes first. */
  readonly want: readonly Answer[]
  /** The same with a hook that takes a while, where another answer may come first. */
  readonly wantWithHook?: readonly Answer[]
}

/** A source that takes a while to open. */
const slow: RangeSource = {
  async open() {
    await sleep(30)
    return { size: 100, etag: '"slow"', readAt: async (target) => target.fill(99).length, close() {} }
  },
}

const ROWS: readonly Row[] = [
  {
    name: 'twice, at once',
    handler: (reply) => {
      reply.sendRange('first')
      return reply.sendRange('second')
    },
    want: ['error'],
  },
  {
    name: 'three times',
    handler: (reply) => {
      reply.sendRange('first')
      reply.sendRange('second')
      return reply.sendRange('small')
    },
    want: ['error'],
  },
  {
    name: 'twice, the second with wrong options',
    handler: (reply) => {
      reply.sendRange('first')
      return reply.sendRange('second', '/etc' as never)
    },
    want: ['error'],
  },
  {
    name: 'twice, the second from a callback',
    handler: (reply) => {
      reply.sendRange('first')
      setImmediate(() => reply.sendRange('second'))
    },
    want: ['error', 'first'],
  },
  {
    name: 'twice, the second when the first is under way',
    handler: async (reply) => {
      reply.sendRange('first')
      await sleep(20)
      return reply.sendRange('second')
    },
    want: ['error', 'first'],
  },
  {
    name: 'twice, and the first is short and over',
    handler: async (reply) => {
      reply.sendRange('small')
      await sleep(20)
      return reply.sendRange('second')
    },
    want: ['error', 'small'],
  },
  {
    name: 'twice, and the first takes long to open',
    handler: async (reply) => {
      reply.sendRange('x', { source: slow })
      await sleep(5)
      return reply.sendRange('second')
    },
    want: ['error'],
  },
  {
    name: 'send, then sendRange',
    handler: (reply) => {
      reply.send(MINE)
      return reply.sendRange('first')
    },
    want: ['mine'],
    wantWithHook: [],
  },
  {
    name: 'sendRange, then send',
    handler: (reply) => {
      reply.sendRange('first')
      reply.send(MINE)
    },
    want: ['mine'],
  },
  {
    name: 'sendRange of a short file, then send under another status',
    handler: (reply) => {
      reply.sendRange('small')
      reply.code(202).header('x-mine', '1').send(MINE)
    },
    want: ['mine'],
  },
  {
    name: 'sendRange, then send when it is under way',
    handler: (reply) => {
      reply.sendRange('first')
      setTimeout(() => reply.send(MINE), 20)
    },
    want: ['first', 'mine'],
  },
  {
    name: 'sendRange of a short file, then send from a callback',
    handler: (reply) => {
      reply.sendRange('small')
      setImmediate(() => reply.send(MINE))
    },
    want: ['small', 'mine'],
  },
  {
    name: 'an async handler that forgets to return the reply',
    handler: async (reply) => {
      reply.sendRange('first')
    },
    want: ['empty'],
  },
  {
    name: 'an async handler that forgets it, and takes a while',
    handler: async (reply) => {
      reply.sendRange('first')
      await sleep(20)
    },
    want: ['first', 'empty'],
  },
  {
    name: 'an async handler that returns something else',
    handler: async (reply) => {
      reply.sendRange('small')
      return MINE
    },
    want: ['mine'],
  },
  {
    name: 'a handler that throws afterwards',
    handler: (reply) => {
      reply.sendRange('first')
      throw new Error('of the handler')
    },
    want: ['error'],
  },
  {
    name: 'a handler that throws when it is under way',
    handler: async (reply) => {
      reply.sendRange('first')
      await sleep(20)
      throw new Error('of the handler')
    },
    want: ['error', 'first'],
  },
  {
    name: 'a handler that throws no Error',
    handler: async (reply) => {
      reply.sendRange('first')
      throw 'text'
    },
    want: ['error'],
  },
  {
    name: 'hijack, then sendRange',
    handler: (reply) => {
      reply.hijack()
      reply.raw.end(MINE)
      reply.sendRange('first')
    },
    want: ['mine'],
  },
  {
    name: 'sendRange, then hijack',
    handler: (reply) => {
      reply.sendRange('first')
      reply.hijack()
      setTimeout(() => reply.raw.end(MINE), 20)
    },
    want: ['mine'],
  },
  {
    name: 'raw.end, then sendRange',
    handler: (reply) => {
      reply.raw.end(MINE)
      reply.sendRange('first')
    },
    want: ['mine'],
  },
  {
    name: 'sendRange, then raw.end',
    handler: (reply) => {
      reply.sendRange('first')
      reply.raw.end(MINE)
    },
    want: ['mine'],
  },
  {
    name: 'redirect, then sendRange',
    handler: (reply) => {
      reply.code(404).send(MINE)
      reply.sendRange('first')
    },
    want: ['mine'],
    wantWithHook: [],
  },
]

const HOOKS: Readonly<Record<string, (app: FastifyInstance) => unknown>> = {
  'no hook': () => {},
  'a hook that takes a while': (app) =>
    app.addHook('onSend', async (_request, _reply, payload) => {
      await sleep(10)
      return payload
    }),
}

function kindOf(status: number, body: Buffer): Answer | undefined {
  if (status >= 400 && status !== 404)
    return body.toString().includes('"statusCode"') || body.toString() === 'text' ? 'error' : undefined
  if (body.toString() === MINE) return 'mine'
  if (body.length === 0) return 'empty'
  return (['first', 'small'] as const).find((name) => contents[name].equals(body))
}

async function served(
  t: Test,
  addHook: (app: FastifyInstance) => unknown,
  handler: Handler,
): Promise<Served & { root: string }> {
  const root = t.testdir(contents)
  const routes = async (app: FastifyInstance): Promise<void> => {
    await addHook(app)
    app.get('/', (_request, reply) => handler(reply))
    app.get('/next', (_request, reply) => reply.sendRange('small'))
  }
  return { root, ...(await serve(t, { plugin: { root, maxOpenFiles: 0 }, routes })) }
}

for (const [hook, addHook] of Object.entries(HOOKS)) {
  for (const { name, handler, want: plain, wantWithHook } of ROWS) {
    const want = hook === 'no hook' ? plain : (wantWithHook ?? plain)
    if (want.length === 0) continue
    t.test(`one answer, whole: ${name} (${hook})`, async (t) => {
      const { root, port, log } = await served(t, addHook, handler)
      const client = await RawClient.connect(port)
      for (let turn = 0; turn < 3; turn++) {
        const { status, fields, body } = await client.exchange('GET', '/', [])
        const kind = kindOf(status, body)
        t.ok(kind !== undefined && want.includes(kind), `${kind}: ${status}, ${body.length} bytes`)
        const isOurs = kind === 'first' || kind === 'small'
        t.equal(fields.has('etag'), isOurs, 'a tag for our answer only')
        t.equal(fields.has('accept-ranges'), isOurs)
        const next = await client.exchange('GET', '/next')
        t.ok(next.body.equals(contents.small), 'and the next answer is right')
      }
      client.destroy()
      await until(() => descriptorsBelow(root) === 0)
      t.ok(
        /throws|forgets/.test(name) ||
          log.some(
            ({ err }) => err?.code === 'ERR_RANGE_ALREADY_SENT' || err?.code === 'FST_ERR_REP_ALREADY_SENT',
          ),
        'the log says so',
      )
    })
  }
}

t.test('a range is given up as well: nothing of its status and fields stays', async (t) => {
  for (const addHook of Object.values(HOOKS)) {
    const { port } = await served(t, addHook, (reply) => {
      reply.sendRange('small')
      setImmediate(() => reply.send(MINE))
    })
    const client = await RawClient.connect(port)
    for (let turn = 0; turn < 20; turn++) {
      const { status, fields, body } = await client.exchange('GET', '/', ['Range: bytes=0-9'])
      if (status === 206) t.equal(body.toString(), 'c'.repeat(10))
      else {
        t.equal(status, 200)
        t.equal(body.toString(), MINE)
      }
      t.equal(fields.has('content-range'), status === 206)
    }
    client.destroy()
  }
})

t.test('over HTTP/2', async (t) => {
  const root = t.testdir(contents)
  const { port } = await serve(t, {
    plugin: { root },
    server: { http2: true },
    routes: (app) => {
      for (const [at, { handler }] of ROWS.entries()) app.get(`/${at}`, (_request, reply) => handler(reply))
    },
  })
  const session = connect(`http://127.0.0.1:${port}`)
  for (const [at, { name, want }] of ROWS.entries()) {
    const stream = session.request({ ':path': `/${at}` })
    const chunks: Buffer[] = []
    let status = 0
    stream.on('response', (fields) => {
      status = Number(fields[':status'])
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(stream, 'close')
    const kind = kindOf(status, Buffer.concat(chunks))
    t.ok(kind !== undefined && want.includes(kind), `${name}: ${kind}`)
  }
  session.destroy()
})

t.test('the error handler of the application is given the code', async (t) => {
  const { app } = await served(
    t,
    (app) =>
      app.setErrorHandler((error: Error & { code?: string; statusCode?: number }, _request, reply) =>
        reply.code(error.statusCode ?? 0).send(error.code),
      ),
    (reply) => {
      reply.sendRange('first')
      reply.sendRange('second')
    },
  )
  const { statusCode, body } = await app.inject('/')
  t.equal(statusCode, 500)
  t.equal(body, 'ERR_RANGE_ALREADY_SENT')
})

/** Handlers that answer with a file themselves, after something that failed. */
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
  t.test(`an error handler may answer with a file, and fail itself: ${name}`, async (t) => {
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
      if (want === 'small') t.ok(body.equals(contents.small), `${page}: ${body.length} bytes`)
      t.ok((await client.exchange('GET', '/next')).body.equals(contents.small))
      client.destroy()
      await until(() => descriptorsBelow(root) === 0)
    }
  })
}

t.test("Fastify's own time limit for handlers answers instead of a source that takes too long", async (t) => {
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
