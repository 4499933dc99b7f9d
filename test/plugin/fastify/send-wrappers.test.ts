import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { contents, MINE, served } from './support/two-answers.ts'

/** Ways in which an application wraps `send`. */
const WRAPPERS: Readonly<Record<string, (app: FastifyInstance) => unknown>> = {
  'a property of the reply': (app) =>
    app.addHook('onRequest', async (_request, reply) => {
      const { send } = reply
      reply.send = (payload) => send.call(reply, payload)
    }),
  'a property of the reply that takes a while': (app) =>
    app.addHook('onRequest', async (_request, reply) => {
      const { send } = reply
      reply.send = (payload) => {
        setTimeout(() => send.call(reply, payload), 5)
        return reply
      }
    }),
  'a decorator of a context below': (app) =>
    app.register(async (scope) => {
      scope.decorateReply('send', function (this: FastifyReply, payload: unknown) {
        return (Object.getPrototypeOf(Object.getPrototypeOf(this)) as FastifyReply).send.call(this, payload)
      } as FastifyReply['send'])
      scope.get('/below', (_request, reply) => reply.sendRange('first'))
    }),
}

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  t.test(`an application that wraps send gets its answers (${name})`, async (t) => {
    const { port, errors } = await served(t, wrap, (reply) => reply.sendRange('first'))
    const client = await RawClient.connect(port)
    for (const target of ['/', '/next', ...(name.includes('below') ? ['/below'] : [])]) {
      const { status, body } = await client.exchange('GET', target)
      t.equal(status, 200, target)
      sameBytes(t, body, target === '/next' ? contents.small : contents.first, target)
    }
    client.destroy()
    t.strictSame(errors(), [])
  })
}

t.test('an application that has decorated send before keeps it', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  let sent = 0
  app.decorateReply('send', function (this: FastifyReply, payload: unknown) {
    sent++
    return (Object.getPrototypeOf(Object.getPrototypeOf(this)) as FastifyReply).send.call(this, payload)
  } as FastifyReply['send'])
  await app.register(rangePlugin, { root: t.testdir(contents) })
  app.get('/:name', (request, reply) => reply.sendRange((request.params as { name: string }).name))
  for (const name of ['first', 'small'] as const) {
    const { statusCode, rawPayload } = await app.inject(`/${name}`)
    t.equal(statusCode, 200)
    sameBytes(t, rawPayload, contents[name])
  }
  t.equal(sent, 2)
})

t.test('contexts and routes that were registered before the plugin keep their answers', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onSend', async () => void (await sleep(5)))
  app.register(async (scope) => {
    scope.get('/child', (_request, reply) => {
      reply.send(MINE)
      return reply.sendRange('small')
    })
    scope.get('/child-file', (_request, reply) => reply.sendRange('small'))
  })
  app.get('/early', (_request, reply) => {
    reply.send(MINE)
    return reply.sendRange('small')
  })
  app.register(rangePlugin, { root: t.testdir(contents) })
  for (const url of ['/child', '/early']) {
    const { headers, body } = await app.inject(url)
    t.equal(body, MINE, url)
    t.notOk(headers.etag, url)
  }
  t.equal((await app.inject('/child-file')).body, contents.small.toString())
})
