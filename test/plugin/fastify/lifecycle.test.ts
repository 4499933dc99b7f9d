import { once } from 'node:events'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { rangePlugin, SendRangeError } from 'fastify-send-range'
import t from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

const BIG = 12 * 1024 * 1024

t.test('every way to write a handler serves a file', async (t) => {
  const root = t.testdir({ 'f.txt': '0123456789' })
  const { app, errors } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.get('/sync', (_request, reply) => {
        reply.sendRange('f.txt')
      })
      app.get('/sync-return', (_request, reply) => reply.sendRange('f.txt'))
      app.get('/async-return', async (_request, reply) => reply.sendRange('f.txt'))
      app.get('/async-await', async (_request, reply) => {
        await reply.sendRange('f.txt')
      })
      app.get('/async-late', async (_request, reply) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        return reply.sendRange('f.txt')
      })
      app.get('/callback', (_request, reply) => {
        setTimeout(() => reply.sendRange('f.txt'), 5)
      })
      app.get(
        '/pre-handler',
        { preHandler: async (_request, reply) => reply.sendRange('f.txt') },
        async () => 'never',
      )
      app.get(
        '/on-request',
        {
          onRequest: (_request, reply, _done) => {
            reply.sendRange('f.txt')
          },
        },
        async () => 'never',
      )
      app.get('/chained', (_request, reply) =>
        reply.header('x-mine', '1').type('text/x-mine').sendRange('f.txt'),
      )
    },
  })
  for (const path of [
    '/sync',
    '/sync-return',
    '/async-return',
    '/async-await',
    '/async-late',
    '/callback',
    '/pre-handler',
    '/on-request',
    '/chained',
  ]) {
    const { statusCode, body } = await app.inject({ url: path, headers: { range: 'bytes=2-4' } })
    t.equal(statusCode, 206, path)
    t.equal(body, '234', path)
  }
  const { headers } = await app.inject('/chained')
  t.equal(headers['x-mine'], '1')
  t.equal(headers['content-type'], 'text/x-mine')
  t.strictSame(errors(), [])
})

t.test('hooks run as for every other answer', async (t) => {
  const root = t.testdir({ 'small.txt': '0123456789', 'big.bin': Buffer.alloc(300_000) })
  const ran: string[] = []
  const { app, port } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.addHook('preHandler', async () => void ran.push('preHandler'))
      app.addHook('onSend', async (_request, reply, payload) => {
        ran.push(`onSend ${reply.statusCode}`)
        return payload
      })
      app.addHook('onResponse', async (_request, reply) => void ran.push(`onResponse ${reply.statusCode}`))
      app.addHook('onError', async (_request, _reply, error) => void ran.push(`onError ${error.code}`))
      app.get('/:name', (request: FastifyRequest<{ Params: { name: string } }>, reply) =>
        reply.sendRange(request.params.name),
      )
    },
  })
  const client = await RawClient.connect(port)
  for (const { target, lines, status, error } of [
    { target: '/small.txt', lines: [], status: 200 },
    { target: '/small.txt', lines: ['Range: bytes=0-3'], status: 206 },
    { target: '/big.bin', lines: [], status: 200 },
    { target: '/big.bin', lines: ['Range: bytes=0-3, 10-200000'], status: 206 },
    { target: '/big.bin', lines: ['If-None-Match: *'], status: 304 },
    { target: '/big.bin', lines: ['If-Match: "x"'], status: 412, error: 'ERR_RANGE_PRECONDITION_FAILED' },
    { target: '/big.bin', lines: ['Range: bytes=300000-'], status: 416, error: 'ERR_RANGE_NOT_SATISFIABLE' },
  ]) {
    ran.length = 0
    const answer = await client.exchange('GET', target, lines)
    t.equal(answer.status, status)
    await until(() => ran.some((name) => name.startsWith('onResponse')))
    const expected = [
      'preHandler',
      ...(error === undefined ? [] : [`onError ${error}`]),
      `onSend ${status}`,
      `onResponse ${status}`,
    ]
    t.strictSame(ran, expected, `${target} ${lines.join()}`)
  }
  client.destroy()
  t.ok(app)
})

t.test('setErrorHandler and setNotFoundHandler get the failures', async (t) => {
  const root = t.testdir({ 'f.txt': '0123456789', '404.html': '<p>not here', '500.html': '<p>broken' })
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.setErrorHandler(async (error, _request, reply) => {
        if (!(error instanceof SendRangeError)) return reply.code(500).sendRange('500.html')
        return reply.code(error.statusCode).send({ mine: error.code })
      })
      app.setNotFoundHandler((_request, reply) => reply.code(404).sendRange('404.html'))
      app.get('/f/*', (request: FastifyRequest<{ Params: { '*': string } }>, reply) =>
        reply.sendRange(request.params['*']),
      )
      app.get('/broken', async () => {
        throw new Error('mine')
      })
    },
  })
  const unsatisfiable = await app.inject({ url: '/f/f.txt', headers: { range: 'bytes=99-' } })
  t.equal(unsatisfiable.statusCode, 416)
  t.strictSame(unsatisfiable.json(), { mine: 'ERR_RANGE_NOT_SATISFIABLE' })
  const failed = await app.inject({ url: '/f/f.txt', headers: { 'if-match': '"x"' } })
  t.strictSame([failed.statusCode, failed.json()], [412, { mine: 'ERR_RANGE_PRECONDITION_FAILED' }])
  t.equal(failed.headers.etag, undefined)
  for (const url of ['/f/absent.txt', '/nowhere']) {
    // RFC 9110 §14.2: ranges and conditions are for what would otherwise be a 200.
    const absent = await app.inject({ url, headers: { range: 'bytes=0-1', 'if-none-match': '*' } })
    t.equal(absent.statusCode, 404, url)
    t.equal(absent.body, '<p>not here')
    t.match(absent.headers['content-type'], 'text/html')
    t.equal(absent.headers['content-length'], '11')
  }
  const broken = await app.inject({ url: '/broken', headers: { range: 'bytes=0-1' } })
  t.equal(broken.statusCode, 500)
  t.equal(broken.body, '<p>broken')
})

t.test('a not-found handler whose page is missing answers with 404', async (t) => {
  const root = t.testdir({})
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.setNotFoundHandler((_request, reply) => reply.code(404).sendRange('404.html'))
    },
  })
  t.equal((await app.inject('/nowhere')).statusCode, 404)
})

for (const exposeHeadRoutes of [true, false]) {
  t.test(`HEAD is answered with exposeHeadRoutes: ${exposeHeadRoutes}`, async (t) => {
    const root = t.testdir({ 'f.txt': '0123456789', 'big.bin': Buffer.alloc(BIG) })
    // A file written a moment ago has no Last-Modified until its second is over.
    for (const name of ['f.txt', 'big.bin']) utimesSync(join(root, name), 1_600_000_000, 1_600_000_000)
    const own = (app: FastifyInstance): void => {
      const handler = (request: FastifyRequest, reply: FastifyReply): unknown =>
        reply.sendRange((request.params as { '*': string })['*'])
      app.get('/*', handler)
      if (!exposeHeadRoutes) app.head('/*', handler)
    }
    const { port } = await serve(t, {
      plugin: { root, maxOpenFiles: 0 },
      server: { exposeHeadRoutes },
      routes: own,
    })
    const client = await RawClient.connect(port)
    for (const [target, size] of [
      ['/f.txt', 10],
      ['/big.bin', BIG],
    ] as const) {
      const get = await client.exchange('GET', target)
      const head = await client.exchange('HEAD', target, ['Range: bytes=0-3'])
      t.equal(head.status, 200)
      t.equal(head.fields.get('content-length'), String(size))
      for (const name of ['etag', 'last-modified', 'content-type', 'accept-ranges']) {
        t.equal(head.fields.get(name), get.fields.get(name), name)
      }
      t.equal(
        (await client.exchange('HEAD', target, [`If-None-Match: ${get.fields.get('etag')}`])).status,
        304,
      )
    }
    client.destroy()
    await until(() => descriptorsBelow(root) === 0)
  })
}

t.test('several registrations serve their own roots', async (t) => {
  const base = t.testdir({ a: { 'f.txt': 'from a' }, b: { 'f.txt': 'from b' }, c: { 'f.txt': 'from c' } })
  const send = (_request: FastifyRequest, reply: FastifyReply): unknown => reply.sendRange('f.txt')
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin, { root: join(base, 'a') })
  app.get('/a', send)
  await app.register(
    async (scope) => {
      scope.get('/inherited', send)
      await scope.register(async (inner) => {
        await inner.register(rangePlugin, { root: join(base, 'b') })
        inner.get('/f', send)
        inner.setNotFoundHandler((_request, reply) => reply.code(404).sendRange('f.txt'))
      })
      scope.get('/per-call', (_request, reply) => reply.sendRange('f.txt', { root: join(base, 'c') }))
    },
    { prefix: '/b' },
  )
  const sibling = Fastify()
  t.teardown(() => sibling.close())
  for (const name of ['b', 'c']) {
    await sibling.register(
      async (scope) => {
        await scope.register(rangePlugin, { root: join(base, name) })
        scope.get('/f', send)
      },
      { prefix: `/${name}` },
    )
  }
  t.equal((await app.inject('/a')).body, 'from a')
  t.equal((await app.inject('/b/inherited')).body, 'from a', 'a context below has the registration above')
  t.equal((await app.inject('/b/f')).body, 'from b', 'unless it has its own')
  t.equal((await app.inject('/b/nowhere')).body, 'from b')
  t.equal((await app.inject('/b/per-call')).body, 'from c')
  t.equal((await sibling.inject('/b/f')).body, 'from b')
  t.equal((await sibling.inject('/c/f')).body, 'from c', 'siblings share nothing')
  t.equal((await sibling.inject('/f')).statusCode, 404)
})

t.test('a second registration in the same context is an error', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin)
  await t.rejects(
    async () => {
      await app.register(rangePlugin, { root: '/' })
    },
    { code: 'ERR_RANGE_OPTION' },
  )
})

t.test('a registration without options serves the working directory', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin)
  app.get('/', (_request, reply) => reply.sendRange('package.json'))
  t.match((await app.inject('/')).json(), { private: true })
})

/** Hooks and handlers that disturb an answer. After none of them may a descriptor stay open or a client wait. */
const OBSTACLES: readonly { name: string; status: number; routes: (app: FastifyInstance) => void }[] = [
  {
    name: 'onSend throws',
    status: 500,
    routes: (app) => {
      app.addHook('onSend', async (_request, reply) => {
        if (reply.statusCode < 400) throw new Error('mine')
      })
      app.get('/', (_request, reply) => reply.sendRange('big.bin'))
    },
  },
  {
    name: 'onSend puts another payload in its place',
    status: 200,
    routes: (app) => {
      app.addHook('onSend', async (_request, reply) => {
        reply.removeHeader('content-length')
        return 'mine'
      })
      app.get('/', (_request, reply) => reply.sendRange('big.bin'))
    },
  },
  {
    name: 'the handler has answered already',
    status: 200,
    routes: (app) => {
      app.get('/', (_request, reply) => {
        reply.sendRange('big.bin')
        reply.send('mine')
      })
    },
  },
  {
    name: 'two answers of ours',
    status: 500,
    routes: (app) => {
      app.get('/', (_request, reply) => {
        reply.sendRange('small.bin')
        reply.sendRange('small.bin')
      })
    },
  },
  {
    name: 'the reply was hijacked',
    status: 200,
    routes: (app) => {
      app.get('/', (_request, reply) => {
        reply.sendRange('big.bin')
        reply.hijack()
        reply.raw.end('mine')
      })
    },
  },
  {
    name: 'onSend reads the body with its own stream',
    status: 200,
    routes: (app) => {
      app.addHook('onSend', async (_request, _reply, payload) => {
        const through = new PassThrough()
        pipeline(payload as Readable, through).catch(() => {})
        return through
      })
      app.get('/', (_request, reply) => reply.sendRange('big.bin'))
    },
  },
]

for (const { name, status, routes } of OBSTACLES) {
  t.test(`no descriptor stays open (${name})`, async (t) => {
    const root = t.testdir({ 'big.bin': Buffer.alloc(1_000_000), 'small.bin': Buffer.alloc(100) })
    const { port } = await serve(t, { plugin: { root, maxOpenFiles: 0 }, routes })
    for (let turn = 0; turn < 5; turn++) {
      const client = await RawClient.connect(port)
      const answer = await client.exchange('GET', '/')
      t.equal(answer.status, status)
      client.destroy()
    }
    await until(() => descriptorsBelow(root) === 0)
  })
}

t.test('an answer to a client that has left before does nothing', async (t) => {
  const root = t.testdir({ 'big.bin': Buffer.alloc(BIG) })
  for (const http2 of [false, true]) {
    let answered = 0
    const { port, errors } = await serve(t, {
      plugin: { root, maxOpenFiles: 0 },
      server: http2 ? { http2 } : {},
      routes: (app) => {
        app.get('/', (request, reply) => {
          reply.raw.once('close', () => {
            setTimeout(() => {
              reply.sendRange('big.bin')
              answered++
            }, 5)
          })
          if (!http2) request.raw.socket.destroy()
        })
      },
    })
    if (http2) {
      const { connect } = await import('node:http2')
      const session = connect(`http://127.0.0.1:${port}`)
      await once(session, 'connect')
      for (let turn = 0; turn < 5; turn++) {
        const stream = session.request({ ':path': '/' })
        stream.on('error', () => {})
        setTimeout(() => stream.close(8), 20)
        await once(stream, 'close')
      }
      await until(() => answered === 5)
      session.destroy()
    } else {
      for (let turn = 0; turn < 5; turn++) {
        const client = await RawClient.connect(port)
        client.request('GET', '/')
        await client.drain()
      }
      await until(() => answered === 5)
    }
    await until(() => descriptorsBelow(root) === 0)
    t.strictSame(errors(), [])
  }
})
