import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { bufferSource, rangePlugin, rangeRoutes } from 'fastify-send-range'
import t, { type Test } from 'tap'

function make(t: Test, options?: FastifyServerOptions): FastifyInstance {
  const app = Fastify(options)
  t.teardown(() => app.close())
  return app
}

const files = (t: Test): string =>
  t.testdir({ 'f.txt': '0123456789', one: { 'f.txt': 'one' }, two: { 'f.txt': 'two' } })

t.test('a prefix and a root are enough to serve files and ranges, for GET and HEAD', async (t) => {
  const root = files(t)
  for (const [options, url] of [
    [{ root, prefix: '/files' }, '/files/f.txt'],
    [{ root, prefix: '/files/' }, '/files/f.txt'],
    [{ root, prefix: '/' }, '/f.txt'],
    [{ root }, '/f.txt'],
  ] as const) {
    const app = make(t, { exposeHeadRoutes: false })
    await app.register(rangeRoutes, options)
    const part = await app.inject({ url, headers: { range: 'bytes=2-4' } })
    t.equal(part.statusCode, 206, JSON.stringify(options))
    t.equal(part.body, '234')
    const head = await app.inject({ method: 'HEAD', url })
    t.equal(head.statusCode, 200)
    t.equal(head.headers['content-length'], '10')
    t.equal((await app.inject({ method: 'POST', url })).statusCode, 404)
    t.equal((await app.inject('/files/nothing.txt')).statusCode, 404)
  }
})

t.test('the prefix without its slash is redirected if the option has none', async (t) => {
  for (const [prefix, status] of [
    ['/files', 302],
    // Fastify has no route above the prefix of a context.
    ['/files/', 404],
  ] as const) {
    const app = make(t)
    await app.register(rangeRoutes, { root: files(t), prefix, index: 'f.txt' })
    t.equal((await app.inject('/files')).statusCode, status, prefix)
    t.equal((await app.inject('/files/')).body, '0123456789', prefix)
  }
})

t.test('the routes can be registered several times in a context, and beside the plugin', async (t) => {
  const root = files(t)
  const app = make(t)
  await app.register(rangeRoutes, { root: join(root, 'one'), prefix: '/one' })
  await app.register(rangePlugin, { root })
  await app.register(rangeRoutes, { root: join(root, 'two'), prefix: '/two' })
  app.get('/own', (_request, reply) => reply.sendRange('f.txt'))
  t.equal((await app.inject('/one/f.txt')).body, 'one')
  t.equal((await app.inject('/two/f.txt')).body, 'two')
  t.equal((await app.inject('/own')).body, '0123456789')
})

t.test('the routes leave nothing in the context that they are registered in', async (t) => {
  const app = make(t)
  await app.register(rangeRoutes, { root: files(t), prefix: '/files' })
  t.notOk(app.hasReplyDecorator('sendRange'))
})

t.test('hooks and the not-found handler of the context are those of the routes', async (t) => {
  const app = make(t)
  await app.register(
    async (members) => {
      members.addHook('onRequest', async (request, reply) => {
        if (request.headers.authorization !== 'Bearer secret') return reply.code(401).send()
      })
      members.setNotFoundHandler((_request, reply) => reply.code(404).send('nothing here'))
      await members.register(rangeRoutes, { root: files(t), prefix: '/files' })
    },
    { prefix: '/members' },
  )
  t.equal((await app.inject('/members/files/f.txt')).statusCode, 401)
  const headers = { authorization: 'Bearer secret' }
  t.equal((await app.inject({ url: '/members/files/f.txt', headers })).body, '0123456789')
  t.equal((await app.inject({ url: '/members/files/x', headers })).body, 'nothing here')
})

t.test('the routes serve any source, with the options of the plugin', async (t) => {
  const app = make(t)
  const source = bufferSource(Buffer.from('bytes'))
  await app.register(rangeRoutes, { source, prefix: '/memory', cacheControl: 'no-cache' })
  const answer = await app.inject('/memory/x.txt')
  t.equal(answer.body, 'bytes')
  t.equal(answer.headers['cache-control'], 'no-cache')
})

t.test(
  'without a root and a source the registration fails, since the default root has the source code',
  async (t) => {
    const wrong: unknown[] = [{ prefix: '/files' }, { root: undefined }, { source: undefined }]
    for (const options of wrong) {
      const app = make(t)
      await t.rejects(async () => app.register(rangeRoutes, options as never), {
        code: 'ERR_RANGE_OPTION',
        message: "rangeRoutes needs the option 'root' or 'source'",
      })
    }
    const app = make(t)
    await t.rejects(async () => app.register(rangeRoutes, { root: '.', index: 1 } as never), {
      code: 'ERR_RANGE_OPTION',
    })
  },
)
