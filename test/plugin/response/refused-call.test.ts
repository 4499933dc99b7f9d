import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { type LogLine, serve, until } from '../support/serve.ts'

type Hook = (reply: FastifyReply) => Promise<unknown>

/** Where a call is made while an answer is on its way. */
const HOOKS: Readonly<Record<string, (app: FastifyInstance, hook: Hook) => unknown>> = {
  preSerialization: (app, hook) => app.addHook('preSerialization', async (_request, reply) => hook(reply)),
  onSend: (app, hook) => app.addHook('onSend', async (_request, reply) => hook(reply)),
  'onSend, after another': (app, hook) =>
    app
      .addHook('onSend', async () => {
        await sleep(1)
      })
      .addHook('onSend', async (_request, reply) => hook(reply)),
}

const WAYS: Readonly<Record<string, Hook>> = {
  'returns the call': async (reply) => reply.sendRange('other.txt'),
  'waits for it': async (reply) => {
    await reply.sendRange('other.txt')
  },
}

const HANDLERS: Readonly<Record<string, (reply: FastifyReply) => unknown>> = {
  'an object': () => ({ of: 'the handler' }),
  'a file': (reply) => reply.sendRange('file.txt'),
}

async function served(t: Test, routes: (app: FastifyInstance) => unknown): ReturnType<typeof serve> {
  const root = t.testdir({ 'file.txt': 'the file', 'other.txt': 'the other' })
  return serve(t, {
    plugin: { root },
    routes: (app) => {
      routes(app)
    },
  })
}

const isWarned = ({ level, err }: LogLine): boolean => level === 40 && err?.code === 'ERR_RANGE_ALREADY_SENT'

for (const [hook, addHook] of Object.entries(HOOKS)) {
  for (const [way, call] of Object.entries(WAYS)) {
    for (const [what, handler] of Object.entries(HANDLERS)) {
      if (hook === 'preSerialization' && what === 'a file') continue
      t.test(`the hook ${hook} that ${way} gets an error (${what})`, async (t) => {
        const { app, log } = await served(t, (app) => {
          addHook(app, call)
          app.get('/', (_request, reply) => handler(reply))
        })
        const { statusCode, body, headers } = await app.inject('/')
        t.equal(statusCode, 500)
        t.equal(JSON.parse(body).code, 'ERR_RANGE_ALREADY_SENT')
        t.equal(headers.etag, undefined)
        t.ok(log.some(isWarned))
      })
    }
  }
}

for (const [way, call] of Object.entries(WAYS)) {
  t.test(`an onError hook that ${way} leaves the answer to the error handler`, async (t) => {
    const { app, log } = await served(t, (app) => {
      app.addHook('onError', async (_request, reply) => {
        await call(reply)
      })
      app.get('/', async () => {
        throw new Error('of the handler')
      })
    })
    const { statusCode, body } = await app.inject('/')
    t.equal(statusCode, 500)
    t.equal(JSON.parse(body).message, 'of the handler')
    t.match(log.filter(isWarned), [{ msg: /onError hook/ }])
  })
}

t.test('a handler that returns a call after it has sent something sends that', async (t) => {
  const { port, log } = await served(t, (app) => {
    app.addHook('onSend', async () => {
      await sleep(10)
    })
    app.get('/text', async (_request, reply) => {
      reply.send('the text')
      return reply.sendRange('other.txt')
    })
    app.get('/file', async (_request, reply) => {
      reply.sendRange('file.txt')
      await until(() => log.some(({ msg }) => msg === 'in the hook of /file'))
      return reply.sendRange('other.txt')
    })
    app.get('/next', (_request, reply) => reply.sendRange('other.txt'))
    app.addHook('onSend', async (request) => {
      request.log.info(`in the hook of ${request.url}`)
      await sleep(10)
    })
  })
  const client = await RawClient.connect(port)
  for (const [at, what] of ['text', 'file'].entries()) {
    const { status, body } = await client.exchange('GET', `/${what}`)
    t.equal(status, 200)
    t.equal(body.toString(), `the ${what}`)
    t.equal(log.filter(isWarned).length, at + 1, 'and says so once')
    t.equal((await client.exchange('GET', '/next')).body.toString(), 'the other')
  }
  client.destroy()
})

t.test('the connection goes on after a hook that waits for each call', async (t) => {
  const { port } = await served(t, (app) => {
    app.addHook('onSend', async (request, reply) => {
      if (request.url !== '/next') await reply.sendRange('other.txt')
    })
    app.get('/file', (_request, reply) => reply.sendRange('file.txt'))
    app.get('/text', () => 'the text')
    app.get('/error', async () => {
      throw new Error('of the handler')
    })
    app.get('/next', (_request, reply) => reply.sendRange('other.txt'))
  })
  const client = await RawClient.connect(port)
  for (const url of ['/file', '/text', '/error']) {
    const { status, body } = await client.exchange('GET', url)
    t.equal(status, 500)
    t.equal(JSON.parse(body.toString()).code, 'ERR_RANGE_ALREADY_SENT')
    t.equal((await client.exchange('GET', '/next')).body.toString(), 'the other')
  }
  client.destroy()
})
