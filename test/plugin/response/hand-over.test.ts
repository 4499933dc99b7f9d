import { symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import compress from '@fastify/compress'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify'
import { bufferSource, type RangePluginOptions, rangePlugin, type SendRangeOptions } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { HAND_OVER_FIELDS } from '#plugin/rules/hand-over.js'

const NGINX = { header: 'X-Accel-Redirect', prefix: '/__files/' } as const
const APACHE = { header: 'X-Sendfile' } as const
const CONTENT = 'hello, ranges'
const SECONDS = 784_111_777

type Handler = (reply: FastifyReply) => unknown

interface Setup {
  readonly plugin?: RangePluginOptions
  readonly call?: SendRangeOptions
  readonly before?: Handler
  readonly routes?: (app: FastifyInstance) => unknown
  readonly server?: FastifyServerOptions
}

interface Site {
  readonly app: FastifyInstance
  readonly root: string
}

async function serve(t: Test, { plugin, call, before, routes, server = {} }: Setup): Promise<Site> {
  const root = t.testdir({
    'a.txt': CONTENT,
    'page.html': CONTENT,
    '50%.txt': CONTENT,
    '.env': CONTENT,
    sub: { 'a.txt': CONTENT },
  })
  for (const name of ['a.txt', 'page.html', '50%.txt']) utimesSync(join(root, name), SECONDS, SECONDS)
  symlinkSync('a.txt', join(root, 'link.txt'))
  symlinkSync('/etc/passwd', join(root, 'outside.txt'))
  const app = Fastify(server)
  t.teardown(() => app.close())
  await app.register(rangePlugin, { root, handOver: NGINX, ...plugin })
  await routes?.(app)
  app.route<{ Params: { '*': string } }>({
    method: ['GET', 'HEAD', 'POST'],
    url: '/*',
    handler: (request, reply) => {
      before?.(reply)
      return reply.sendRange(request.params['*'], call)
    },
  })
  return { app, root }
}

interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

const handOverOf = ({ headers }: Answer): unknown[] =>
  HAND_OVER_FIELDS.filter((name) => headers[name] !== undefined).map((name) => [name, headers[name]])

/** That the plugin itself has sent the file, and no field that names it. */
function assertOurs(t: Test, answer: Answer, name: string): void {
  t.equal(answer.body, CONTENT, name)
  t.strictSame(handOverOf(answer), [], name)
}

t.test('a file is handed over: an empty 200 that names it', async (t) => {
  for (const handOver of [NGINX, APACHE]) {
    const { app, root } = await serve(t, { plugin: { handOver, cacheControl: 'private', download: true } })
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await app.inject({ method, url: '/a.txt' })
      const { headers } = answer
      const path = handOver === NGINX ? '/__files/a.txt' : join(root, 'a.txt')
      t.equal(answer.statusCode, 200)
      t.equal(answer.body, '')
      t.strictSame(handOverOf(answer), [[handOver.header.toLowerCase(), path]])
      t.match(headers, {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'private',
        'content-disposition': 'attachment; filename=a.txt',
      })
      t.equal(headers['content-length'], method === 'GET' ? '0' : undefined)
      for (const name of ['last-modified', 'accept-ranges', 'content-range'])
        t.equal(headers[name], undefined, name)
      t.equal(headers['etag'] === undefined, handOver === NGINX, 'mod_xsendfile needs a tag')
    }
  }
})

t.test('conditions and ranges are left to the front', async (t) => {
  const { app } = await serve(t, {})
  const { etag } = (await (await serve(t, { plugin: { handOver: false } })).app.inject('/a.txt')).headers
  for (const headers of [
    { range: 'bytes=0-3' },
    { range: 'bytes=99-' },
    { 'if-none-match': String(etag) },
    { 'if-match': '"other"' },
    { 'if-modified-since': new Date().toUTCString() },
  ]) {
    const answer = await app.inject({ url: '/a.txt', headers })
    t.equal(answer.statusCode, 200, JSON.stringify(headers))
    t.strictSame(handOverOf(answer), [['x-accel-redirect', '/__files/a.txt']])
  }
})

t.test('the name is that of the file itself, without symbolic links', async (t) => {
  const { app } = await serve(t, {})
  t.strictSame(handOverOf(await app.inject('/link.txt')), [['x-accel-redirect', '/__files/a.txt']])
})

t.test('what is refused names nothing', async (t) => {
  for (const handOver of [NGINX, APACHE]) {
    const { app } = await serve(t, { plugin: { handOver, dotfiles: 'deny' } })
    for (const [url, status] of [
      ['/absent.txt', 404],
      ['/outside.txt', 404],
      ['/sub', 404],
      ['/a%2Ftxt', 404],
      ['/.env', 403],
      ['/a%00b', 400],
    ] as const) {
      const answer = await app.inject(url)
      t.equal(answer.statusCode, status, url)
      t.strictSame(handOverOf(answer), [], url)
    }
  }
})

t.test('what the front would not send as it is, the plugin sends', async (t) => {
  const coded = { 'content-encoding': 'gzip' }
  const cases: Readonly<Record<string, Setup>> = {
    'another status': { before: (reply) => reply.code(404) },
    'a coding of the handler': { before: (reply) => reply.headers(coded) },
    'a coding of the options': { plugin: { headers: coded } },
    'no ranges': { plugin: { acceptRanges: 'none' } },
    'a type with parts': { plugin: { contentType: 'multipart/byteranges; boundary=a' } },
    trailers: { before: (reply) => reply.trailer('x-sum', async () => '1') },
    'a transfer coding': { before: (reply) => reply.header('transfer-encoding', 'chunked') },
    'switched off by the call': { call: { handOver: false } },
    'no tag for mod_xsendfile': { plugin: { handOver: APACHE, etag: false } },
  }
  for (const [name, setup] of Object.entries(cases)) {
    const { app } = await serve(t, setup)
    assertOurs(t, await app.inject('/a.txt'), name)
  }
  const { app } = await serve(t, {})
  assertOurs(t, await app.inject({ method: 'POST', url: '/a.txt' }), 'POST')
  const apache = await serve(t, { plugin: { handOver: APACHE } })
  assertOurs(t, await apache.app.inject('/50%25.txt'), 'a name that mod_xsendfile could decode')
})

t.test('a file that has other forms is sent by the plugin: the front knows no Vary', async (t) => {
  for (const handOver of [NGINX, APACHE]) {
    const { app, root } = await serve(t, { plugin: { handOver, precompressed: true } })
    writeFileSync(join(root, 'a.txt.gz'), 'compressed')
    const identity = await app.inject('/a.txt')
    assertOurs(t, identity, 'identity')
    t.equal(identity.headers['vary'], 'Accept-Encoding')
    const coded = await app.inject({ url: '/a.txt', headers: { 'accept-encoding': 'gzip' } })
    t.match(coded, { body: 'compressed', headers: { 'content-encoding': 'gzip' } })
    t.strictSame(handOverOf(coded), [])
    t.equal(handOverOf(await app.inject('/page.html')).length, 1, 'a file without other forms')
  }
})

t.test('a file that the system generates is sent by the plugin', async (t) => {
  const { app } = await serve(t, { plugin: { root: '/proc/sys/kernel' } })
  const answer = await app.inject('/ostype')
  t.equal(answer.body, 'Linux\n')
  t.strictSame(handOverOf(answer), [])
})

t.test('fields of the client have no effect', async (t) => {
  const { app } = await serve(t, { plugin: { handOver: false } })
  const front = await serve(t, {})
  const headers = {
    'x-accel-redirect': '/etc/passwd',
    'x-sendfile': '/etc/passwd',
    'x-sendfile-type': 'X-Accel-Redirect',
    'x-accel-mapping': '/=/etc/',
  }
  assertOurs(t, await app.inject({ url: '/a.txt', headers }), 'not configured')
  const answer = await front.app.inject({ url: '/a.txt', headers })
  t.strictSame(handOverOf(answer), [['x-accel-redirect', '/__files/a.txt']])
})

t.test('fields of a handler that name a file are removed, with a warning', async (t) => {
  const lines: string[] = []
  const server = { logger: { level: 'warn', stream: { write: (line: string) => lines.push(line) } } } as const
  const before: Handler = (reply) => {
    for (const name of HAND_OVER_FIELDS) reply.header(name, '/etc/passwd')
    reply.raw.setHeader('X-Sendfile', '/etc/passwd')
  }
  const { app } = await serve(t, { before, server })
  const answer = await app.inject('/a.txt')
  t.strictSame(handOverOf(answer), [['x-accel-redirect', '/__files/a.txt']])
  for (const url of ['/absent.txt', '/a%00b', '/.env'])
    t.strictSame(handOverOf(await app.inject(url)), [], url)
  assertOurs(t, await app.inject({ method: 'POST', url: '/a.txt' }), 'POST')
  t.equal(lines.length, 5)
  t.match(lines[0], /"level":40.*"fields":\["x-accel-redirect",/)
})

t.test('a hook that answers something else removes the name', async (t) => {
  const hooks: Readonly<Record<string, (reply: FastifyReply) => unknown>> = {
    'an error with a text': (reply) => {
      reply.code(403)
      return 'forbidden'
    },
    'an error without a text': (reply) => {
      reply.code(403)
      return null
    },
    'another text': () => 'instead',
    'an error that is thrown': () => {
      throw new Error('no')
    },
  }
  for (const handOver of [NGINX, APACHE]) {
    for (const [name, hook] of Object.entries(hooks)) {
      const routes = (app: FastifyInstance): unknown =>
        app.addHook('onSend', async (_request, reply, payload) =>
          reply.statusCode === 200 ? hook(reply) : payload,
        )
      const { app } = await serve(t, { plugin: { handOver }, routes })
      for (const method of ['GET', 'HEAD'] as const) {
        const answer = await app.inject({ method, url: '/a.txt' })
        if (method === 'GET' || answer.statusCode !== 200)
          t.strictSame(handOverOf(answer), [], `${method}: ${name}`)
      }
    }
  }
})

t.test('an empty answer without the name is cut: it would be an empty file', async (t) => {
  for (const change of [
    (reply: FastifyReply) => reply.removeHeader('X-Accel-Redirect'),
    (reply: FastifyReply) => reply.header('X-Accel-Redirect', '/other/'),
  ]) {
    const routes = (app: FastifyInstance): unknown =>
      app.addHook('onSend', async (_request, reply) => void change(reply))
    const { app } = await serve(t, { routes })
    await t.rejects(app.inject('/a.txt'), { code: 'LIGHT_ECONNRESET' })
  }
})

t.test('a hook that sets another name beside ours has it removed', async (t) => {
  const routes = (app: FastifyInstance): unknown =>
    app.addHook('onSend', async (_request, reply) => void reply.header('X-Sendfile', '/etc/passwd'))
  const { app } = await serve(t, { routes })
  t.strictSame(handOverOf(await app.inject('/a.txt')), [['x-accel-redirect', '/__files/a.txt']])
})

t.test('@fastify/compress leaves the answer as it is', async (t) => {
  const routes = (app: FastifyInstance): unknown => app.register(compress, { threshold: 0 })
  const { app } = await serve(t, { routes })
  for (const method of ['GET', 'HEAD'] as const) {
    const answer = await app.inject({ method, url: '/a.txt', headers: { 'accept-encoding': 'gzip' } })
    t.strictSame(handOverOf(answer), [['x-accel-redirect', '/__files/a.txt']])
    t.equal(answer.headers['content-encoding'], undefined)
  }
})

t.test('an error handler of the application may send a file', async (t) => {
  const routes = (app: FastifyInstance): void => {
    app.setNotFoundHandler((_request, reply) => reply.code(404).sendRange('page.html'))
  }
  const { app } = await serve(t, { routes })
  const answer = await app.inject('/absent.txt')
  t.equal(answer.statusCode, 404)
  assertOurs(t, answer, 'the page of a 404')
})

t.test('sources other than files cannot be handed over', async (t) => {
  const source = bufferSource(Buffer.from(CONTENT))
  const error = { code: 'ERR_RANGE_OPTION', message: /handOver/ }
  const wrong = Fastify()
  t.teardown(() => wrong.close())
  await t.rejects(async () => wrong.register(rangePlugin, { source, handOver: APACHE }), error)
  const { app } = await serve(t, { call: { source } })
  t.match((await app.inject('/a.txt')).json(), { code: 'ERR_RANGE_OPTION', message: /handOver/ })
  const off = await serve(t, { call: { source, handOver: false } })
  assertOurs(t, await off.app.inject('/a.txt'), 'handOver: false')
})

t.test('another root needs another location of nginx, and none for Apache', async (t) => {
  const other = join(t.testdirName, 'sub')
  const site = await serve(t, { call: { root: other } })
  t.match((await site.app.inject('/a.txt')).json(), { code: 'ERR_RANGE_OPTION', message: /root.*handOver/ })
  const handOver = { ...NGINX, prefix: '/__other/' }
  const own = await serve(t, { call: { root: other, handOver } })
  t.strictSame(handOverOf(await own.app.inject('/a.txt')), [['x-accel-redirect', '/__other/a.txt']])
  const apache = await serve(t, { plugin: { handOver: APACHE }, call: { root: other } })
  t.strictSame(handOverOf(await apache.app.inject('/a.txt')), [['x-sendfile', join(other, 'a.txt')]])
})

t.test('an object that is given as the option may change later', async (t) => {
  const handOver = { header: 'X-Accel-Redirect' as const, prefix: '/__files/' }
  const { app } = await serve(t, { plugin: { handOver } })
  handOver.prefix = '/__other/'
  t.strictSame(handOverOf(await app.inject('/a.txt')), [['x-accel-redirect', '/__files/a.txt']])
})
