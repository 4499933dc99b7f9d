import Fastify, { type FastifyInstance } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'

/** A path of the server, which must be in no message. */
const SECRET = '/etc/secret-of-the-server'

/** Objects that are not plain options: their content would be read in part, or not at all. */
const NO_OPTIONS: Readonly<Record<string, unknown>> = {
  null: null,
  zero: 0,
  'a number': 5,
  'a bigint': 5n,
  'an empty string': '',
  'a path': SECRET,
  true: true,
  false: false,
  'a symbol': Symbol(SECRET),
  'a function': () => ({ root: SECRET }),
  'an array': [SECRET],
  'an empty array': [],
  'a Map': new Map([['root', SECRET]]),
  'a Set': new Set([SECRET]),
  'a Date': new Date(),
  'a URL': new URL(`file://${SECRET}`),
  'an Error': new Error(SECRET),
  'a Buffer': Buffer.from(SECRET),
  'a boxed string': Object(SECRET),
  'a promise': Promise.resolve({ root: SECRET }),
  'inherited options': Object.create({ root: SECRET }),
  'inherited options without a prototype': Object.create(
    Object.assign(Object.create(null), { root: SECRET }),
  ),
  'an instance of a class': new (class {
    root = SECRET
  })(),
  'an unknown name': { rooot: SECRET },
  'a path as a name': { [SECRET]: true },
  'a path as a name of what is not given': { [SECRET]: undefined },
  'a getter that throws': {
    get root(): string {
      throw new Error(SECRET)
    },
  },
  'a getter that throws no Error': {
    get root(): string {
      throw SECRET
    },
  },
  'a getter that throws within': {
    source: {
      get open(): unknown {
        throw new Error(SECRET)
      },
    },
  },
  'a field that throws': {
    headers: {
      get 'x-a'(): string {
        throw new Error(SECRET)
      },
    },
  },
  'a proxy that throws': new Proxy(
    {},
    {
      ownKeys() {
        throw new Error(SECRET)
      },
    },
  ),
  'a proxy that was revoked': revoked(),
  'an option of the registration': { maxOpenFiles: 5 },
}

const NO_PATHS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'a number': 5,
  'a boxed string': Object('f.txt'),
  'an array': ['f.txt'],
  'an object': { path: SECRET },
  'a URL': new URL(`file://${SECRET}`),
  'a Buffer': Buffer.from('f.txt'),
  'a symbol': Symbol(SECRET),
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** The ways in which a handler can make the call. */
const HANDLERS = ['sync', 'async', 'later'] as const

function addRoutes(app: FastifyInstance, args: Readonly<Record<string, readonly [unknown, unknown]>>): void {
  for (const [name, [path, options]] of Object.entries(args)) {
    const url = `/${name.replaceAll(' ', '-')}`
    app.get(`/sync${url}`, (_request, reply) => reply.sendRange(path as string, options as object))
    app.get(`/async${url}`, async (_request, reply) => reply.sendRange(path as string, options as object))
    app.get(`/later${url}`, (_request, reply) => {
      setImmediate(() => reply.sendRange(path as string, options as object))
    })
  }
}

async function assertOptionError(t: Test, app: FastifyInstance, name: string): Promise<void> {
  for (const handler of HANDLERS) {
    const { statusCode, body, headers } = await app.inject(`/${handler}/${name.replaceAll(' ', '-')}`)
    t.equal(statusCode, 500, `${handler}: ${name}`)
    t.equal(JSON.parse(body).code, 'ERR_RANGE_OPTION', `${handler}: ${name}`)
    t.notMatch(body + JSON.stringify(headers), /secret|\/etc/, `${handler}: ${name}: no path of the server`)
  }
}

t.test('wrong options of a call are ERR_RANGE_OPTION, in every kind of handler', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) =>
      addRoutes(
        app,
        Object.fromEntries(
          Object.entries(NO_OPTIONS).map(([name, options]) => [name, ['f.txt', options] as const]),
        ),
      ),
  })
  for (const name of Object.keys(NO_OPTIONS)) await assertOptionError(t, app, name)
})

t.test('a path that is not a string is a fault of the application', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) =>
      addRoutes(
        app,
        Object.fromEntries(
          Object.entries(NO_PATHS).map(([name, path]) => [name, [path, undefined] as const]),
        ),
      ),
  })
  for (const name of Object.keys(NO_PATHS)) await assertOptionError(t, app, name)
})

t.test('a wrong path that a client can send is a fault of the client', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) =>
      app.get<{ Querystring: { path: string } }>('/', (request, reply) =>
        reply.sendRange(request.query.path),
      ),
  })
  for (const [path, status, code] of [
    ['', 400, 'ERR_RANGE_PATH_INVALID'],
    ['a%00b', 400, 'ERR_RANGE_PATH_INVALID'],
    ['a%5Cb', 400, 'ERR_RANGE_PATH_INVALID'],
    ['..%2Ff.txt', 403, 'ERR_RANGE_PATH_FORBIDDEN'],
  ] as const) {
    const { statusCode, body } = await app.inject(`/?path=${path}`)
    t.equal(statusCode, status, path)
    t.equal(JSON.parse(body).code, code, path)
  }
})

t.test('right options of a call are accepted', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const given: Readonly<Record<string, unknown>> = {
    undefined: undefined,
    'an empty object': {},
    'no prototype': Object.assign(Object.create(null), { cacheControl: 'no-store' }),
    'a frozen object': Object.freeze({ cacheControl: 'no-store' }),
    'a getter': {
      get cacheControl(): string {
        return 'no-store'
      },
    },
    'options that are not given': { cacheControl: undefined, maxOpenFiles: undefined },
  }
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) =>
      addRoutes(
        app,
        Object.fromEntries(
          Object.entries(given).map(([name, options]) => [name, ['f.txt', options] as const]),
        ),
      ),
  })
  for (const name of Object.keys(given)) {
    for (const handler of HANDLERS) {
      const { statusCode, body } = await app.inject(`/${handler}/${name.replaceAll(' ', '-')}`)
      t.equal(statusCode, 200, name)
      t.equal(body, 'text', name)
    }
  }
})

t.test('an option is read once, so a getter cannot return another value after the check', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  let reads = 0
  const headers = {
    get 'x-a'(): string {
      return reads++ === 0 ? 'a' : 'a\r\nx-b: c'
    },
  }
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => app.get('/', (_request, reply) => reply.sendRange('f.txt', { headers })),
  })
  const answer = await app.inject('/')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['x-a'], 'a')
})

t.test('the error handler of the application gets the error and its cause', async (t) => {
  const { app } = await serve(t, {
    plugin: { root: t.testdir({}) },
    routes: (app) => {
      app.setErrorHandler((error: Error & { code?: string }, _request, reply) =>
        reply.code(500).send({ code: error.code, hasCause: error.cause instanceof Error }),
      )
      app.get('/', (_request, reply) =>
        reply.sendRange('f.txt', NO_OPTIONS['a getter that throws'] as object),
      )
    },
  })
  t.strictSame((await app.inject('/')).json(), { code: 'ERR_RANGE_OPTION', hasCause: true })
})

t.test('wrong options of a registration make it fail', async (t) => {
  // Fastify makes an empty object of these before the plugin is given them, and calls a function for the options.
  const readByFastify = ['null', 'zero', 'an empty string', 'false', 'a function']
  for (const [name, options] of Object.entries(NO_OPTIONS)) {
    if (readByFastify.includes(name) || name === 'an option of the registration') continue
    const app = Fastify()
    await t.rejects(
      async () => app.register(rangePlugin, options as object),
      { name: 'SendRangeError', code: 'ERR_RANGE_OPTION' },
      name,
    )
    await app.close()
  }
})
