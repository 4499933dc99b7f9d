import type { FastifyReply } from 'fastify'
import Fastify from 'fastify'
import { rangeRoutes } from 'fastify-send-range'
import t from 'tap'
import { mayHaveSendHooks } from '#plugin/send-hooks.js'
import { RawClient } from './support/raw-client.ts'
import { serve } from './support/serve.ts'

const hook = async (_request: unknown, _reply: unknown, payload: unknown): Promise<unknown> => payload

t.test('the hooks of the route that answers count, and no others', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const seen = new Map<string, boolean>()
  const handler = async (_request: unknown, reply: FastifyReply): Promise<string> => {
    seen.set(reply.request.url, mayHaveSendHooks(reply))
    return 'text'
  }
  app.get('/plain', handler)
  app.get('/of-route', { onSend: hook }, handler)
  app.get('/of-several', { onSend: [hook, hook] }, handler)
  // Printed, these two routes look alike, and the hook is not shown.
  app.get('/alike/::id', { onSend: hook }, handler)
  app.get('/alike/:id', handler)
  app.register(async (context) => {
    context.get('/before', handler)
    context.addHook('onSend', hook)
    context.register(async (below) => void below.get('/below', handler))
    context.setNotFoundHandler(handler)
  })
  const urls = [
    '/plain',
    '/of-route',
    '/of-several',
    '/alike/:id',
    '/alike/other',
    '/before',
    '/below',
    '/nowhere',
  ]
  for (const url of urls) await app.inject(url)
  const withHooks = urls.filter((url) => seen.get(url))
  t.strictSame(withHooks, ['/of-route', '/of-several', '/alike/:id', '/before', '/below', '/nowhere'])
})

t.test('where Fastify keeps the hooks in another place, there may be some', async (t) => {
  const route = Symbol('fastify.context')
  for (const [request, mayHave] of [
    [{ [route]: { onSend: null } }, false],
    // Another copy of Fastify.
    [{ [Symbol('fastify.context')]: { onSend: null } }, false],
    [{ [route]: { onSend: [hook] } }, true],
    [{ [route]: {} }, true],
    [{ [route]: null }, true],
    [{ [Symbol('fastify.route')]: { onSend: null } }, true],
    [{}, true],
  ] as const) {
    t.equal(mayHaveSendHooks({ request } as unknown as FastifyReply), mayHave)
  }
})

t.test('a payload stays as it is for a hook whose route is printed like another', async (t) => {
  const content = Buffer.alloc(20_000, 'abc')
  const root = t.testdir({ 'f.bin': content })
  const kept: Buffer[] = []
  const { port } = await serve(t, {
    plugin: { root },
    routes(app) {
      const handler = (_request: unknown, reply: FastifyReply): unknown => reply.sendRange('f.bin')
      const keep = async (_request: unknown, _reply: unknown, payload: unknown): Promise<unknown> => {
        kept.push(payload as Buffer)
        return payload
      }
      app.get('/::id', { onSend: keep }, handler)
      app.get('/:id', handler)
    },
  })
  const client = await RawClient.connect(port)
  for (let round = 0; round < 3; round++) {
    for (const target of ['/:id', '/other']) await client.exchange('GET', target)
  }
  client.destroy()
  t.equal(kept.length, 3)
  for (const payload of kept) t.ok(payload.equals(content))
})

t.test('a registration does not look at every route of the application', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  let prints = 0
  const { printRoutes } = app
  app.printRoutes = (...options) => {
    prints++
    return printRoutes.apply(app, options)
  }
  const root = t.testdir({ 'f.txt': 'text' })
  for (const prefix of ['/a', '/b']) app.register(rangeRoutes, { root, prefix })
  t.equal((await app.inject('/b/f.txt')).body, 'text')
  t.equal(prints, 0)
})
