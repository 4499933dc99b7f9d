import type { FastifyInstance, FastifyReply, LightMyRequestResponse } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const CONTENT = numberedLines(100_000)
const SMALL = CONTENT.subarray(0, 1000)
const FILES: Readonly<Record<string, Buffer>> = { 'large.txt': CONTENT, 'small.txt': SMALL }

interface Ask {
  readonly method?: 'GET' | 'HEAD'
  readonly url: string
  readonly range?: string
}

function ask(app: FastifyInstance, { method = 'GET', url, range }: Ask): Promise<LightMyRequestResponse> {
  return app.inject({ method, url, headers: range === undefined ? {} : { range } })
}

type Params = { Params: { status: string; '*': string } }

function statusRoutes(app: FastifyInstance): void {
  app.get<Params>('/:status/*', ({ params }, reply) =>
    reply.code(Number(params.status)).sendRange(params['*']),
  )
  app.get<Params>('/late/:status/*', ({ params }, reply) => {
    const sent = reply.sendRange(params['*'])
    reply.code(Number(params.status))
    return sent
  })
}

t.test('a handler that sets 206 serves ranges', async (t) => {
  const root = t.testdir({ ...FILES })
  const { app } = await serve(t, { plugin: { root }, routes: statusRoutes })
  for (const path of ['/206', '/late/206']) {
    for (const [file, content] of Object.entries(FILES)) {
      const url = `${path}/${file}`
      const whole = await ask(app, { url })
      t.equal(whole.statusCode, 200, url)
      sameBytes(t, whole.rawPayload, content)
      t.equal((await ask(app, { method: 'HEAD', url })).statusCode, 200)
      const part = await ask(app, { url, range: 'bytes=10-19' })
      t.equal(part.statusCode, 206)
      t.equal(part.headers['content-range'], `bytes 10-19/${content.length}`)
      sameBytes(t, part.rawPayload, content.subarray(10, 20))
      const parts = await ask(app, { url, range: 'bytes=10-19,30-39' })
      t.equal(parts.statusCode, 206)
      t.match(parts.headers['content-type'], 'multipart/byteranges')
      const none = await ask(app, { url, range: 'bytes=999999-' })
      t.equal(none.statusCode, 416)
      const same = await app.inject({ url, headers: { 'if-none-match': String(whole.headers.etag) } })
      t.equal(same.statusCode, 304)
    }
    t.equal((await ask(app, { url: `${path}/absent.txt` })).statusCode, 404)
  }
})

for (const custom of [false, true]) {
  t.test(`a status without content is an error (${custom ? 'own' : 'default'} error handler)`, async (t) => {
    const root = t.testdir({ ...FILES })
    const { app } = await serve(t, {
      plugin: { root },
      routes(app) {
        // It leaves the status as it is.
        if (custom)
          app.setErrorHandler<Error & { code: string }>(({ code }, _request, reply) => reply.send({ code }))
        statusRoutes(app)
      },
    })
    for (const path of ['', '/late']) {
      for (const status of [100, 103, 199, 204, 205, 304]) {
        for (const file of Object.keys(FILES)) {
          for (const range of [undefined, 'bytes=0-9']) {
            const answer = await ask(app, { url: `${path}/${status}/${file}`, ...(range && { range }) })
            t.equal(answer.statusCode, custom ? 200 : 500, `${path}/${status}/${file}, ${range}`)
            t.equal(answer.json().code, 'ERR_RANGE_OPTION')
            for (const field of ['etag', 'accept-ranges', 'content-range', 'last-modified'])
              t.notOk(field in answer.headers, field)
          }
        }
      }
    }
  })
}

t.test('any other status is sent with the whole file', async (t) => {
  const root = t.testdir({ ...FILES })
  const { app } = await serve(t, { plugin: { root }, routes: statusRoutes })
  for (const status of [201, 203, 226, 300, 404, 412, 416, 500]) {
    for (const [file, content] of Object.entries(FILES)) {
      const answer = await ask(app, { url: `/${status}/${file}`, range: 'bytes=0-9' })
      t.equal(answer.statusCode, status)
      sameBytes(t, answer.rawPayload, content)
      t.notOk('content-range' in answer.headers)
    }
  }
})

t.test('a page for a 416 keeps the Content-Range of the requested file', async (t) => {
  const root = t.testdir({ ...FILES, '416.html': '<p>none of it' })
  const { app } = await serve(t, {
    plugin: { root },
    routes(app) {
      app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
        reply.code(error.statusCode ?? 500).sendRange('416.html'),
      )
      app.get('/f', (_request, reply) => reply.sendRange('large.txt'))
    },
  })
  const answer = await ask(app, { url: '/f', range: 'bytes=999999-' })
  t.equal(answer.statusCode, 416)
  t.equal(answer.body, '<p>none of it')
  t.equal(answer.headers['content-range'], `bytes */${CONTENT.length}`)
})

const broken: RangeSource = {
  open: () => ({
    size: CONTENT.length,
    etag: '"v1"',
    // biome-ignore lint/correctness/useYield: it fails before.
    *read() {
      throw new Error('the source broke')
    },
    close() {},
  }),
}

/** Fields that the options and the answer set on a reply, and that an error must not have. */
const OURS = ['cdn-cache-control', 'etag', 'content-range', 'accept-ranges', 'last-modified', 'retry-after']

t.test('an answer that fails before its head leaves neither its status nor its fields', async (t) => {
  const root = t.testdir({ ...FILES })
  const { app } = await serve(t, {
    plugin: { root, headers: { 'CDN-Cache-Control': 'max-age=31536000' } },
    routes(app) {
      app.register(async (context) => {
        context.setErrorHandler<Error>((error, _request, reply) => reply.send({ own: error.message }))
        addFailing(context, '/own')
      })
      addFailing(app, '/default')
    },
  })
  for (const handler of ['own', 'default']) {
    for (const failing of ['source', 'hook', 'hook-source']) {
      for (const range of [undefined, 'bytes=0-9', 'bytes=0-9,50-59']) {
        const answer = await ask(app, { url: `/${handler}/${failing}`, ...(range && { range }) })
        const at = `${handler}, ${failing}, ${range}`
        t.equal(answer.statusCode, handler === 'own' ? 200 : 500, at)
        t.match(answer.headers['content-type'], 'application/json')
        for (const field of OURS) t.notOk(field in answer.headers, `${at}: ${field}`)
      }
    }
  }
})

function addFailing(app: FastifyInstance, prefix: string): void {
  const onSend = async (_request: unknown, _reply: FastifyReply, payload: unknown): Promise<unknown> => {
    if (typeof payload === 'string') return payload
    throw new Error('the hook broke')
  }
  app.get(`${prefix}/source`, (_request, reply) => reply.sendRange('x', { source: broken }))
  app.get(`${prefix}/hook`, { onSend }, (_request, reply) => reply.sendRange('small.txt'))
  app.get(`${prefix}/hook-source`, { onSend }, (_request, reply) => reply.sendRange('large.txt'))
}

t.test(
  'an error handler that fails, or answers a 416 with another status, sends none of its fields',
  async (t) => {
    const root = t.testdir({ ...FILES })
    const failures: Readonly<Record<string, () => unknown>> = {
      throws: () => {
        throw new Error('mine')
      },
      'throws undefined': () => {
        throw undefined
      },
      rejects: () => Promise.reject(new Error('mine')),
      'answers with another status': () => ({ fine: true }),
    }
    for (const [name, failure] of Object.entries(failures)) {
      const { app } = await serve(t, {
        plugin: { root },
        routes(app) {
          app.setErrorHandler(failure as () => never)
          app.get<Params>('/*', ({ params }, reply) => reply.sendRange(params['*']))
        },
      })
      for (const file of Object.keys(FILES)) {
        const answer = await ask(app, { url: `/${file}`, range: 'bytes=999999-' })
        t.not(answer.statusCode, 416, name)
        for (const field of OURS) t.notOk(field in answer.headers, `${name}: ${field}`)
      }
    }
  },
)

t.test('an error handler that throws the same error keeps its fields', async (t) => {
  const root = t.testdir({ ...FILES })
  const { app } = await serve(t, {
    plugin: { root },
    routes(app) {
      app.setErrorHandler((error) => {
        throw error
      })
      app.get('/f', (_request, reply) => reply.sendRange('large.txt'))
    },
  })
  const answer = await ask(app, { url: '/f', range: 'bytes=999999-' })
  t.equal(answer.statusCode, 416)
  t.equal(answer.headers['content-range'], `bytes */${CONTENT.length}`)
})

t.test('an answer that a hook makes a 205 or a 1xx is cut', async (t) => {
  const root = t.testdir({ ...FILES })
  const { port } = await serve(t, {
    plugin: { root },
    routes(app) {
      app.get<Params>(
        '/:status/*',
        {
          async onSend(request, reply, payload) {
            reply.code(Number((request.params as Params['Params']).status))
            return payload
          },
        },
        ({ params }, reply) => reply.sendRange(params['*']),
      )
    },
  })
  for (const status of [103, 205]) {
    for (const file of Object.keys(FILES)) {
      const client = await RawClient.connect(port)
      client.request('GET', `/${status}/${file}`)
      await t.rejects(client.readAnswer('GET'), `${status}, ${file}`)
      client.destroy()
    }
  }
})
