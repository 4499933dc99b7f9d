import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import Fastify from 'fastify'
import { bufferSource, type NotFoundFunction, rangeRoutes, type WildcardRoute } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'

async function serveWith(t: Test, onNotFound: NotFoundFunction): Promise<FastifyInstance> {
  const root = t.testdir({ 'index.html': '<p>home</p>', 'a.txt': 'a', '.env': 'secret' })
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.setNotFoundHandler((_request, reply) => reply.code(404).send('not found'))
      app.get<WildcardRoute>('/*', (request, reply) =>
        reply.sendRange(request.params['*'], { onNotFound, dotfiles: 'deny', headers: { 'x-file': 'yes' } }),
      )
    },
  })
  return app
}

interface Row {
  readonly name: string
  readonly onNotFound: NotFoundFunction
  readonly status: number
  readonly body: string
}

const failure = (message: string): Error => Object.assign(new Error(message), { statusCode: 410 })

const ROWS: readonly Row[] = [
  { name: 'sends', onNotFound: (_, reply) => reply.send('sent'), status: 200, body: 'sent' },
  {
    name: 'sends with a status',
    onNotFound: (_, reply) => void reply.code(410).send('gone'),
    status: 410,
    body: 'gone',
  },
  {
    name: 'sends later',
    onNotFound: (_, reply) => void setTimeout(() => reply.send('late'), 5),
    status: 200,
    body: 'late',
  },
  { name: 'returns a payload', onNotFound: () => 'returned', status: 200, body: 'returned' },
  {
    name: 'returns a promise of a payload',
    onNotFound: async () => sleep(5, 'async'),
    status: 200,
    body: 'async',
  },
  {
    name: 'calls sendRange',
    onNotFound: (_, reply) => reply.sendRange('index.html'),
    status: 200,
    body: '<p>home</p>',
  },
  {
    name: 'calls sendRange and returns nothing',
    onNotFound: (_, reply) => void reply.sendRange('index.html'),
    status: 200,
    body: '<p>home</p>',
  },
  {
    name: 'returns the reply from an async function',
    onNotFound: async (_, reply) => reply.sendRange('index.html'),
    status: 200,
    body: '<p>home</p>',
  },
  {
    name: 'calls sendRange with another source',
    onNotFound: (_, reply) => reply.sendRange('x.txt', { source: bufferSource(Buffer.from('bytes')) }),
    status: 200,
    body: 'bytes',
  },
  {
    name: 'calls the not-found handler',
    onNotFound: (_, reply) => reply.callNotFound(),
    status: 404,
    body: 'not found',
  },
  { name: 'is async and does nothing', onNotFound: async () => undefined, status: 404, body: 'not found' },
  {
    name: 'calls sendRange with what is not there',
    onNotFound: (_, reply) => reply.sendRange('none'),
    status: 404,
    body: 'not found',
  },
]

for (const { name, onNotFound, status, body } of ROWS) {
  t.test(`a function for what is not there ${name}`, async (t) => {
    const app = await serveWith(t, onNotFound)
    const answer = await app.inject('/missing')
    t.equal(answer.statusCode, status)
    t.equal(answer.body, body)
    t.notOk('x-file' in answer.headers)
    t.equal((await app.inject('/a.txt')).body, 'a', 'not called for what is there')
  })
}

for (const [name, onNotFound] of Object.entries<NotFoundFunction>({
  throws: () => {
    throw failure('thrown')
  },
  rejects: async () => Promise.reject(failure('thrown')),
  'rejects later': async () => sleep(5).then(() => Promise.reject(failure('thrown'))),
})) {
  t.test(`a function for what is not there that ${name} is an error of the handler`, async (t) => {
    const app = await serveWith(t, onNotFound)
    const answer = await app.inject('/missing')
    t.equal(answer.statusCode, 410)
    t.equal(answer.json().message, 'thrown')
  })
}

for (const [name, onNotFound] of Object.entries<NotFoundFunction>({
  throws: () => {
    throw undefined
  },
  rejects: async () => Promise.reject('text'),
})) {
  t.test(`a function for what is not there that ${name} no Error is ERR_RANGE_OPTION`, async (t) => {
    const app = await serveWith(t, onNotFound)
    const answer = await app.inject('/missing')
    t.equal(answer.statusCode, 500)
    t.match(answer.json(), { code: 'ERR_RANGE_OPTION', message: 'The onNotFound function failed' })
  })
}

t.test('a path that is refused with 400 or 403 does not fall through', async (t) => {
  const app = await serveWith(t, () => 'fallen')
  t.equal((await app.inject('/a%00b')).statusCode, 400)
  t.equal((await app.inject('/.env')).statusCode, 403)
})

t.test('conditions and ranges hold for the file that is sent instead', async (t) => {
  const app = await serveWith(t, (_, reply) => reply.sendRange('index.html'))
  const part = await app.inject({ url: '/missing', headers: { range: 'bytes=0-2' } })
  t.equal(part.statusCode, 206)
  t.equal(part.body, '<p>')
  const headers = { 'if-none-match': String(part.headers.etag) }
  t.equal((await app.inject({ url: '/missing', headers })).statusCode, 304)
  const head = await app.inject({ method: 'HEAD', url: '/missing' })
  t.equal(head.headers['content-length'], '11')
})

t.test(
  'as an option of a registration it is called once for a reply, also if it leads to nothing',
  async (t) => {
    const root = t.testdir({})
    const app = Fastify()
    t.teardown(() => app.close())
    let calls = 0
    const onNotFound = (_: unknown, reply: FastifyReply): FastifyReply => {
      calls++
      return reply.sendRange('index.html')
    }
    await app.register(rangeRoutes, { root, prefix: '/app', onNotFound })
    t.equal((await app.inject('/app/missing')).statusCode, 404)
    t.equal(calls, 1)
  },
)
