import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { rangePlugin, type SendRangeOptions } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { TRANSPORTS } from '../support/transports.ts'

interface Wildcard {
  Params: { '*': string }
}

const open = (app: FastifyInstance): void => {
  app.get<Wildcard>('/files/*', (request, reply) => reply.sendRange(request.params['*']))
}

/** How URLs of files are written: by browsers, by encoders of each kind, and by hand. */
const HONEST: readonly (readonly [string, string])[] = [
  ['/files/report-2026_final.pdf', 'report-2026_final.pdf'],
  ['/files/report%2D2026%5Ffinal%2Epdf', 'report-2026_final.pdf'],
  ['/files/%41.txt', 'A.txt'],
  ['/files/a%40b%2Bc.txt', 'a@b+c.txt'],
  ['/files/a@b+c.txt', 'a@b+c.txt'],
  ['/files/%28x%29%21%27%2A.txt', "(x)!'*.txt"],
  ["/files/(x)!'*.txt", "(x)!'*.txt"],
  ['/files/%7Euser/f.txt', '~user/f.txt'],
  ['/files/~user/f.txt', '~user/f.txt'],
  ['/files/%40scope/f.txt', '@scope/f.txt'],
  ['/files/a%2C%20b%3B%3D%26%24%3A.txt', 'a, b;=&$:.txt'],
  ['/files/%C3%A9t%C3%A9.txt', 'été.txt'],
  ['/files/%c3%a9t%c3%a9.txt', 'été.txt'],
  ['/files/100%25.txt', '100%.txt'],
  ['/files/%2541.txt', '%41.txt'],
  ['/files/a%23b%3Fc.txt', 'a#b?c.txt'],
  ['/files/A.txt?x=/../y//%2F', 'A.txt'],
  ['http://test.invalid/files/a%40b%2Bc.txt', 'a@b+c.txt'],
]

function rootOf(t: Test, names: readonly string[]): string {
  const root = t.testdir({})
  for (const name of names) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), name)
  }
  return root
}

t.test('every honest spelling of a URL is served', async (t) => {
  const root = rootOf(
    t,
    HONEST.map(([, name]) => name),
  )
  const { port } = await serve(t, { plugin: { root }, routes: open })
  const client = await RawClient.connect(port)
  for (const [target, name] of HONEST) {
    t.equal((await client.exchange('GET', target)).body.toString(), name, target)
  }
  client.destroy()
})

for (const transport of TRANSPORTS) {
  t.test(`honest spellings are served beside a guarded folder (${transport.name})`, async (t) => {
    const root = rootOf(t, ['@team/x', '@scope/x', 'a@b.txt', '@teams/x'])
    const app = Fastify({ forceCloseConnections: true, ...transport.server } as object) as FastifyInstance
    t.teardown(() => app.close())
    await app.register(rangePlugin, { root })
    open(app)
    app.get('/files/@team/*', async (_request, reply) => reply.code(401).send('no'))
    const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
    for (const [path, status] of [
      ['/files/%40team/x', 404],
      ['/files/@team/x', 401],
      ['/files/%40scope/x', 200],
      ['/files/%40teams/x', 200],
      ['/files/a%40b.txt', 200],
    ] as const) {
      t.equal((await transport.ask(port, { path })).status, status, path)
    }
  })
}

interface DataRow {
  readonly name: string
  readonly route: string
  readonly file: string
  readonly targets: readonly string[]
  readonly refused?: readonly string[]
  readonly server?: FastifyServerOptions
}

const DATA: readonly DataRow[] = [
  {
    name: 'another URL',
    route: '/thumb/*',
    file: 'thumb/8f2a.jpg',
    targets: [
      '/thumb/https://test.invalid/a.jpg',
      '/thumb/https://test.invalid//a/%7Eb/%2D.jpg',
      '/thumb/https%3A//test.invalid/a.jpg',
      '/thumb/%41%42',
    ],
    refused: [
      '/th%75mb/x',
      '/thumb/../private/x',
      '/thumb/%2e%2e/x',
      '/thumb/https%3A%2F%2Ftest.invalid%2Fa.jpg',
    ],
  },
  {
    name: 'a key',
    route: '/objects/:key',
    file: '8f2a.bin',
    targets: ['/objects/a%40b', '/objects/DOMAIN%5Cjane', '/objects/%30%31'],
    refused: ['/%6Fbjects/a', '/objects/special%2fx'],
  },
  {
    name: 'an address',
    route: '/users/:address/avatar',
    file: 'avatars/17.png',
    targets: [
      '/users/jane%2Edoe@test.invalid/avatar',
      '/users/jane%2edoe%40test.invalid/avatar',
      '/users/jane.doe@test.invalid/avatar',
      '/users/jane.doe/%61vatar',
    ],
    refused: ['/%75sers/jane%2Edoe/avatar', '/users/%2Ejane/avatar'],
  },
  {
    name: 'an address, and a name that the route has',
    route: '/users/:address/avatar',
    file: 'avatar.png',
    targets: ['/users/jane%2Edoe@test.invalid/avatar'],
  },
  {
    name: 'a name without its extension',
    route: '/reports/*',
    file: '2026.pdf',
    targets: ['/reports/2026', '/reports/%32026', '/reports/a/2026.html'],
    refused: ['/reports//2026', '/reports/%61/2026', '/reports/a/%2F2026', '/%72eports/2026'],
  },
  {
    name: 'none: the route names one file',
    route: '/get/the-report_2026.pdf',
    file: 'x.pdf',
    targets: ['/get/the-report_2026.pdf', '/get/the%2Dreport%5F2026%2Epdf'],
    refused: ['/g%65t/the-report_2026.pdf'],
  },
  {
    name: 'a page of an application',
    route: '/app/*',
    file: 'index.html',
    targets: ['/app//deep', '/app/deep//er', '/app/', '/app/%41', '/app//', '/app/a//b%20c'],
    refused: ['//app/deep', '/app//index.html', '/app//special/x', '/app/special%2Fx', '/app/./deep'],
  },
  {
    name: 'slashes that the router takes for one',
    route: '/app/*',
    file: 'f.txt',
    server: { routerOptions: { ignoreDuplicateSlashes: true } },
    targets: ['/app/f.txt', '/app//f.txt', '//app/f.txt', '/app///f.txt'],
    refused: ['/app//%2Ff.txt', '/app/%2Ff.txt', '/app//./f.txt'],
  },
]

for (const { name, route, file, targets, refused = [], server = {} } of DATA) {
  t.test(`data in a URL is served (${name})`, async (t) => {
    const { port } = await serve(t, {
      plugin: { root: rootOf(t, [file]) },
      server,
      routes(app) {
        app.get(route, (_request, reply) => reply.sendRange(file))
        app.get('/app/special/*', async (_request, reply) => reply.code(401).send('no'))
        app.get('/objects/special/*', async (_request, reply) => reply.code(401).send('no'))
      },
    })
    const client = await RawClient.connect(port)
    for (const target of targets) t.equal((await client.exchange('GET', target)).status, 200, target)
    for (const target of refused) t.equal((await client.exchange('GET', target)).status, 404, target)
    client.destroy()
  })
}

const SPELLED: readonly (readonly [SendRangeOptions, string, number])[] = [
  [{}, '/files/%41.txt', 200],
  [{}, '/%66iles/A.txt', 404],
  [{}, '/files/folder%2FA.txt', 404],
  [{ targetSpelling: 'exact' }, '/files/A.txt', 200],
  [{ targetSpelling: 'exact' }, '/files/%41.txt', 404],
  [{ targetSpelling: 'exact' }, 'http://test.invalid/files/A.txt', 404],
  [{ targetSpelling: 'ignore' }, '/files/%41.txt', 200],
  [{ targetSpelling: 'ignore' }, '/%66iles/A.txt', 200],
  [{ targetSpelling: 'ignore' }, '/files/folder%2FA.txt', 200],
  [{ encodedSlashes: 'allow' }, '/files/folder%2FA.txt', 200],
]

t.test('targetSpelling decides which spellings are served', async (t) => {
  const root = rootOf(t, ['A.txt', 'folder/A.txt'])
  for (const [options, target, status] of SPELLED) {
    const { port } = await serve(t, { plugin: { root, ...options }, routes: open })
    const client = await RawClient.connect(port)
    t.equal((await client.exchange('GET', target)).status, status, `${JSON.stringify(options)} ${target}`)
    client.destroy()
  }
})

t.test('honest spellings are served by routes with constraints', async (t) => {
  const root = rootOf(t, ['@team/x', 'a@b'])
  const { port } = await serve(t, {
    plugin: { root },
    routes(app) {
      open(app)
      const guard = async (): Promise<string> => 'guarded'
      app.get('/files/@team/*', { constraints: { version: '1.0.0' } }, guard)
      app.get<Wildcard>('/files/*', { constraints: { version: '1.0.0' } }, (request, reply) =>
        reply.sendRange(request.params['*']),
      )
    },
  })
  const client = await RawClient.connect(port)
  const versioned = ['Accept-Version: 1.x']
  t.equal((await client.exchange('GET', '/files/%40team/x', versioned)).status, 404)
  t.equal((await client.exchange('GET', '/files/a%40b', versioned)).status, 200)
  t.equal((await client.exchange('GET', '/files/a%40b')).status, 200)
  t.equal(
    (await client.exchange('GET', '/files/%40team/x')).status,
    200,
    'no guard for those without a version',
  )
  t.equal((await client.exchange('GET', '/files/%40team/x', ['Accept-Version: 9'])).status, 404)
  client.destroy()
})

t.test('a version that no route has does not avoid a guard', async (t) => {
  const { port } = await serve(t, {
    plugin: { root: rootOf(t, ['@team/x']) },
    routes(app) {
      open(app)
      app.get('/files/@team/*', async () => 'guarded')
    },
  })
  const client = await RawClient.connect(port)
  t.equal((await client.exchange('GET', '/files/%40team/x', ['Accept-Version: 9'])).status, 404)
  client.destroy()
})

t.test('a second spelling is refused for a route with a constraint of the application', async (t) => {
  const colour = {
    name: 'colour',
    storage: () => {
      const stored = new Map<unknown, unknown>()
      return {
        get: (key: unknown) => stored.get(key) ?? null,
        set: (key: unknown, value: unknown) => void stored.set(key, value),
      }
    },
    deriveConstraint: () => 'red',
  }
  const { port } = await serve(t, {
    plugin: { root: rootOf(t, ['@team/x', 'a b']) },
    server: { routerOptions: { constraints: { colour } } } as FastifyServerOptions,
    routes(app) {
      const options = { constraints: { colour: 'red' } }
      app.get<Wildcard>('/files/*', options, (request, reply) => reply.sendRange(request.params['*']))
      app.get('/files/@team/*', options, async () => 'guarded')
    },
  })
  const client = await RawClient.connect(port)
  t.equal((await client.exchange('GET', '/files/%40team/x')).status, 404)
  client.destroy()
})

t.test('a not-found handler serves files under their plain spellings', async (t) => {
  const { port } = await serve(t, {
    plugin: { root: rootOf(t, ['@team/x', 'a@b', 'index.html', 'A.txt']) },
    async routes(app) {
      app.setNotFoundHandler((request, reply) => {
        const path = decodeURIComponent(request.url.slice(1))
        return reply.sendRange(path.endsWith('.html') || path.includes('page') ? 'index.html' : path)
      })
      await app.register(
        async (scope) => scope.setNotFoundHandler(async (_request, reply) => reply.code(401).send('no')),
        { prefix: '/@team' },
      )
    },
  })
  const client = await RawClient.connect(port)
  for (const [target, status] of [
    ['/@team/x', 401],
    ['/%40team/x', 404],
    ['/a%40b', 200],
    ['/%41.txt', 200],
    ['//page', 200],
    ['//A.txt', 404],
  ] as const) {
    t.equal((await client.exchange('GET', target)).status, status, target)
  }
  client.destroy()
})

t.test('a second spelling is refused when the values do not show which route has matched', async (t) => {
  const { port } = await serve(t, {
    plugin: { root: rootOf(t, ['f.txt']) },
    routes(app) {
      for (const open of ['/:a/:a', '/:a/@x', '/b/:b'])
        app.get(open, (_request, reply) => reply.sendRange('f.txt'))
      for (const guarded of ['/@x/:a']) app.get(guarded, async () => 'guarded')
    },
  })
  const client = await RawClient.connect(port)
  for (const [target, status] of [
    ['/%40x/y', 404],
    ['/%40x/@x', 404],
    ['/y/y', 200],
    ['/b/%40x', 200],
  ] as const) {
    t.equal((await client.exchange('GET', target)).status, status, target)
  }
  client.destroy()
})
