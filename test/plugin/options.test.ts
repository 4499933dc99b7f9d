import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { SendRangeError } from '#plugin/errors.js'
import { callSettings, defaultSettings, registrationSettings } from '#plugin/settings.js'

/** Values that are wrong for each option. */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  root: [
    null,
    1,
    true,
    '',
    'a\0b',
    {},
    [],
    new URL('https://test.invalid/'),
    new URL('file://host/a'),
    new URL('file:///a%2Fb'),
  ],
  source: [null, 1, true, 'files', {}, { open: true }, [], () => undefined],
  dotfiles: [null, true, false, '', 'Ignore', 'none', 1, ['ignore'], {}],
  etag: [null, true, '', 'strong', 'weak', 1, {}, ['stat']],
  lastModified: [null, true, '', 'ctime', 0, new Date(), {}],
  cacheControl: [
    null,
    true,
    false,
    1,
    {},
    { maxAge: '1d' },
    { immutable: true },
    new Map(),
    ['no-store'],
    'a\r\nb: c',
    'a\nb',
    'a\0',
    'a\x7f',
    '☃',
  ],
  contentType: [null, true, false, 1, {}, ['text/plain'], 'text/plain\r\nx: y', 'a\0', '☃', ''],
  headers: [null, true, 1, 'a: b', ['a: b'], [], new Map([['a', 'b']]), new Headers({ a: 'b' })],
  download: [null, 1, {}, [], () => 'a'],
  acceptRanges: [null, true, false, '', 'Bytes', 'items', ['bytes']],
  precompressed: [null, 1, '', 'gzip', {}, ['gz'], ['identity'], ['br', 1], [null], new Set(['br'])],
  checksumFiles: [null, true, false, '', 'Believe', ['believe']],
  digest: [null, true, '', 'Wanted', 'sha-256', {}, 1],
  maxRanges: [null, true, '5', 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 5n],
  stallTimeout: [null, true, '5', -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 5n],
  encodedSlashes: [null, true, false, '', 'deny', 'Allow'],
  targetSpelling: [null, true, false, '', 'any', 'Check'],
  index: [null, true, '', '.', '..', 'a/b', '/', 'a\\b', 'a\0', 1, ['index.html']],
  extensions: [
    null,
    true,
    '.html',
    ['html'],
    [''],
    ['.'],
    ['./a'],
    ['.a/b'],
    ['..'],
    ['.a\0'],
    [1],
    new Set(['.html']),
  ],
  onNotFound: [null, true, 'throw', {}],
  onEnd: [null, true, 'log', {}],
  maxOpenFiles: [null, true, '5', -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 5n],
  handOver: [
    null,
    true,
    'X-Sendfile',
    {},
    [],
    { header: 'x-sendfile' },
    { header: 'X-Sendfile', prefix: '/a/' },
    { header: 'X-Sendfile', root: '/a/' },
    { header: 'X-Accel-Redirect' },
    new (class {
      header = 'X-Sendfile'
    })(),
    ...[
      1,
      '',
      '/',
      'a/',
      '/a',
      '//',
      '/a//b/',
      '/../',
      '/a/./',
      '/a b/',
      '/a%20b/',
      '/a?b/',
      '/a#/',
      '/é/',
      '/\n/',
      '@a/',
    ].map((prefix) => ({ header: 'X-Accel-Redirect', prefix })),
  ],
}

/** The same for the fields of `headers`. */
const WRONG_FIELDS: readonly unknown[] = [
  { a: 1 },
  { a: null },
  { a: undefined },
  { a: ['b'] },
  { '': 'b' },
  { 'a b': 'c' },
  { 'a:': 'b' },
  { 'a\r\nb': 'c' },
  { a: 'b\r\nc: d' },
  { a: 'b\nc' },
  { a: 'b\0' },
  { a: '☃' },
  { Größe: 'a' },
  { 'content-length': '5' },
  { 'Content-Range': 'bytes 0-1/2' },
  { 'Content-Type': 'text/plain' },
  { ETag: '"a"' },
  { 'Last-Modified': 'Sun, 06 Nov 1994 08:49:37 GMT' },
  { 'Accept-Ranges': 'none' },
  { 'Transfer-Encoding': 'chunked' },
  { trailer: 'x' },
  { Connection: 'close' },
  { 'Keep-Alive': 'timeout=5' },
  { 'proxy-connection': 'close' },
  { TE: 'trailers' },
  { upgrade: 'h2c' },
  { 'HTTP2-Settings': 'AAA' },
  { ':status': '204' },
  { 'X-Accel-Redirect': '/a' },
  { 'x-sendfile': '/a' },
]

const RIGHT: Readonly<Record<string, readonly unknown[]>> = {
  root: ['.', '/', 'a b', new URL('file:///tmp/')],
  source: [
    { open: () => undefined },
    new (class {
      open(): undefined {}
    })(),
  ],
  dotfiles: ['ignore', 'deny', 'allow'],
  etag: ['stat', 'content', false, () => '"a"'],
  lastModified: ['mtime', false],
  cacheControl: ['', 'no-store', 'public, max-age=3600, immutable', 'a\tb', '\xe4'],
  contentType: ['text/plain', 'text/plain; charset="utf-8"', () => undefined],
  headers: [{}, { 'x-a': 'b' }, { 'X-A': '' }, Object.create(null), () => ({})],
  download: [true, false, '', 'a.txt', 'a\r\nb'],
  acceptRanges: ['bytes', 'none'],
  precompressed: [true, false, [], ['gzip'], ['zstd', 'br', 'gzip']],
  checksumFiles: ['ignore', 'believe'],
  digest: ['wanted', 'always', false],
  maxRanges: [1, 1000, Number.MAX_SAFE_INTEGER],
  stallTimeout: [0, 1, 2 ** 31 - 1],
  encodedSlashes: ['refuse', 'allow'],
  targetSpelling: ['check', 'exact', 'ignore'],
  index: [false, 'index.html', 'default.htm'],
  extensions: [[], ['.html'], ['.html', '.tar.gz']],
  onNotFound: [() => undefined, async () => 'a page'],
  onEnd: [() => undefined],
  maxOpenFiles: [0, 1, 100_000],
  handOver: [
    false,
    { header: 'X-Sendfile' },
    { header: 'X-Accel-Redirect', prefix: '/__files/' },
    { header: 'X-Accel-Redirect', prefix: '/a/..b/.c/' },
  ],
}

const OPTION_ERROR = { name: 'SendRangeError', code: 'ERR_RANGE_OPTION', statusCode: 500 }

t.test('a value of the wrong kind is ERR_RANGE_OPTION and names the option', async (t) => {
  for (const [option, values] of Object.entries(WRONG)) {
    for (const value of values) assertRefused(t, option, value)
  }
  for (const fields of WRONG_FIELDS) assertRefused(t, 'headers', fields)
})

function assertRefused(t: Test, option: string, value: unknown): void {
  const name = `${option}: ${show(value)}`
  t.throws(
    () => registrationSettings({ [option]: value }),
    { ...OPTION_ERROR, message: new RegExp(option) },
    name,
  )
}

t.test('a value of the right kind is accepted', async (t) => {
  t.strictSame(Object.keys(RIGHT).sort(), Object.keys(WRONG).sort(), 'every option is here')
  t.strictSame(Object.keys(RIGHT).sort(), Object.keys(defaultSettings()).sort(), 'and nothing else')
  for (const [option, values] of Object.entries(RIGHT)) {
    for (const value of values) {
      const settings = registrationSettings({ [option]: value }) as unknown as Record<string, unknown>
      if (Array.isArray(value) || ['headers', 'handOver'].includes(option))
        t.same(settings[option], value, show(value))
      else if (option !== 'root') t.equal(settings[option], value, `${option}: ${show(value)}`)
    }
  }
})

t.test('a Cache-Control by its directives is the text of them, also for a call', async (t) => {
  const directives = { scope: 'public', maxAge: 60, immutable: true } as const
  const settings = registrationSettings({ cacheControl: directives })
  t.equal(settings.cacheControl, 'public, max-age=60, immutable')
  t.equal(callSettings(settings, {}).cacheControl, 'public, max-age=60, immutable')
  t.equal(callSettings(settings, { cacheControl: { noStore: true } }).cacheControl, 'no-store')
})

t.test('handOver is for files only', async (t) => {
  const handOver = { header: 'X-Sendfile' }
  const source = { open: async () => undefined }
  t.throws(() => registrationSettings({ handOver, source }), { code: 'ERR_RANGE_OPTION' })
  t.throws(() => callSettings(registrationSettings({ handOver }), { source }), { code: 'ERR_RANGE_OPTION' })
  const own = callSettings(registrationSettings({ handOver }), { source, handOver: false })
  t.equal(own.handOver, false)
})

t.test('a location of nginx is for the root that it was given with', async (t) => {
  const nginx = { header: 'X-Accel-Redirect', prefix: '/__files/' }
  const settings = registrationSettings({ root: '/srv', handOver: nginx })
  t.throws(() => callSettings(settings, { root: '/mnt' }), { code: 'ERR_RANGE_OPTION' })
  t.strictSame(callSettings(settings, { root: '/srv' }).handOver, nginx)
  const other = { ...nginx, prefix: '/__other/' }
  t.strictSame(callSettings(settings, { root: '/mnt', handOver: other }).handOver, other)
  t.equal(callSettings(settings, { root: '/mnt', handOver: false }).handOver, false)
  const apache = registrationSettings({ root: '/srv', handOver: { header: 'X-Sendfile' } })
  t.equal(callSettings(apache, { root: '/mnt' }).root, '/mnt')
})

t.test('an option that is undefined has its default', async (t) => {
  for (const option of Object.keys(RIGHT)) {
    t.strictSame(registrationSettings({ [option]: undefined }), defaultSettings(), option)
  }
})

t.test('an unknown option is ERR_RANGE_OPTION', async (t) => {
  for (const option of ['Root', 'weak', 'maxAge', '__proto__', 'constructor', 'toString', '']) {
    const options = Object.fromEntries([[option, true]])
    t.throws(() => registrationSettings(options), OPTION_ERROR, option)
  }
})

t.test('only own properties of a plain object are options', async (t) => {
  const getter = {
    get root(): string {
      throw new Error('/srv/secret')
    },
  }
  for (const [name, options] of Object.entries({
    null: null,
    'a path': '/srv/secret',
    'an array': ['/srv/secret'],
    'a Map': new Map([['root', '/srv/secret']]),
    'what is inherited': Object.create({ root: '/srv/secret' }),
    'what is inherited from an object without a prototype': Object.create(
      Object.assign(Object.create(null), { root: '/srv/secret' }),
    ),
    'a getter that throws': getter,
    'a path as a name': { '/srv/secret': true },
  })) {
    for (const read of [registrationSettings, (given: unknown) => callSettings(defaultSettings(), given)]) {
      t.throws(() => read(options), { ...OPTION_ERROR, message: /^(?!.*secret)/ }, name)
    }
  }
  const foreign: unknown = runInNewContext("({ cacheControl: 'no-store', headers: { a: 'b' } })")
  const { cacheControl, headers } = registrationSettings(foreign)
  t.equal(cacheControl, 'no-store', 'an object of another realm')
  t.same(headers, { a: 'b' })
})

t.test('root becomes absolute', async (t) => {
  const root = (value: string | URL): string => registrationSettings({ root: value }).root
  t.equal(root('a/../b'), join(process.cwd(), 'b'))
  t.equal(root(pathToFileURL('/srv/my files')), '/srv/my files')
  t.equal(defaultSettings().root, process.cwd())
})

t.test('a wrong option makes the registration fail', async (t) => {
  for (const [option, values] of Object.entries(WRONG)) {
    const app = Fastify()
    app.register(rangePlugin, { [option]: values[0] })
    await t.rejects(async () => app.ready(), OPTION_ERROR, option)
    await app.close()
  }
})

t.test("Fastify's own options of `register` are ignored", async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(rangePlugin, { prefix: '/a', logLevel: 'warn' })
  await t.resolves(async () => app.ready())
})

t.test('a wrong option of a call is a 500 with the code', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin)
  const thrown: unknown[] = []
  app.setErrorHandler((error, _request, reply) => {
    thrown.push(error)
    return reply.code(500).send('failed')
  })
  app.get('/:option', (request, reply) => {
    const { option } = request.params as { option: string }
    return reply.sendRange('package.json', { [option]: WRONG[option]?.[0] })
  })
  for (const option of Object.keys(WRONG)) {
    const { statusCode } = await app.inject(`/${option}`)
    t.equal(statusCode, 500, option)
  }
  t.equal(thrown.length, Object.keys(WRONG).length)
  for (const error of thrown) t.match(error, OPTION_ERROR)
  t.ok(thrown.every((error) => error instanceof SendRangeError))
})

t.test('an option of the registration is refused in a call', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin)
  app.get('/', (_request, reply) => reply.sendRange('package.json', { maxOpenFiles: 5 } as object))
  const answer = await app.inject('/')
  t.equal(answer.statusCode, 500)
  t.equal(answer.json().code, 'ERR_RANGE_OPTION')
})

function show(value: unknown): string {
  if (value instanceof URL) return value.href
  if (typeof value === 'bigint' || typeof value === 'function') return String(value)
  return JSON.stringify(value) ?? String(value)
}
