import {
  bufferSource,
  type RangePluginOptions,
  type Representation,
  type SendRangeOptions,
} from 'fastify-send-range'
import t from 'tap'
import { callSettings, defaultSettings, registrationSettings } from '#plugin/settings.js'
import { serveFiles } from '../support/file-server.ts'
import { field, type RawResponse } from '../support/raw-http.ts'

/** A valid value for every option, other than its default. */
const OPTIONS: Readonly<Required<RangePluginOptions>> = {
  root: '/etc',
  source: bufferSource(Buffer.from('inherited')),
  dotfiles: 'allow',
  etag: 'content',
  lastModified: false,
  cacheControl: 'no-store',
  contentType: 'text/html',
  headers: { inherited: 'yes' },
  download: true,
  acceptRanges: 'none',
  precompressed: ['gzip'],
  checksumFiles: 'believe',
  digest: 'always',
  maxRanges: 1,
  stallTimeout: 5,
  encodedSlashes: 'allow',
  targetSpelling: 'ignore',
  index: 'inherited.html',
  extensions: ['.inherited'],
  onNotFound: () => 'inherited',
  onEnd: () => undefined,
  maxOpenFiles: 1,
  handOver: { header: 'X-Sendfile' },
}

/** Properties of a representation, and fields that a handler may have set. */
const PROPERTIES: Readonly<Record<string, unknown>> = {
  ...OPTIONS,
  etag: '"inherited"',
  size: 1,
  lastModified: new Date(1e12),
  lastModifiedStrength: 'weak',
  unchanged: async () => false,
  cached: () => Buffer.from('i'),
  offerToCache: () => undefined,
  readAt: async () => 0,
  open: () => undefined,
}

/** Calls a function while all objects inherit a property. */
async function inheriting<T>(
  [name, value]: readonly [name: string, value: unknown],
  enumerable: boolean,
  work: () => T | Promise<T>,
): Promise<T> {
  Object.defineProperty(Object.prototype, name, { value, enumerable, writable: true, configurable: true })
  try {
    return await work()
  } finally {
    Reflect.deleteProperty(Object.prototype, name)
  }
}

/** The values of all settings, also of inherited ones, which a comparison of own properties does not show. */
function readAll(settings: object): unknown[] {
  return Object.keys(OPTIONS).map((name) => Reflect.get(settings, name))
}

for (const enumerable of [false, true]) {
  const kind = enumerable ? 'enumerable' : 'hidden'
  for (const entry of Object.entries(OPTIONS)) {
    t.test(`an inherited option is ignored (${entry[0]}, ${kind})`, async (t) => {
      const defaults = readAll(defaultSettings())
      const others: SendRangeOptions[] = [
        {},
        entry[0] === 'maxRanges' ? { stallTimeout: 60_000 } : { maxRanges: 1000 },
      ]
      for (const options of others) {
        const read = await inheriting(entry, enumerable, () => [
          readAll(registrationSettings(options)),
          readAll(callSettings(defaultSettings(), options)),
        ])
        t.same(read, [defaults, defaults])
      }
    })
  }

  for (const entry of Object.entries(PROPERTIES)) {
    // Fastify writes the enumerable properties that its own object of fields inherits.
    if (enumerable && entry[0] === 'etag') continue
    t.test(`an answer inherits nothing (${entry[0]}, ${kind})`, async (t) => {
      const { ask } = await serveFiles(t, {
        files: { 'f.txt': 'text' },
        routes: (app) => {
          app.get('/empty', (_request, reply) => reply.sendRange('f.txt', {}))
          app.get('/other', (_request, reply) => reply.sendRange('f.txt', { cacheControl: 'no-cache' }))
          app.get('/buffer', (_request, reply) =>
            reply.sendRange('f.txt', { source: bufferSource(Buffer.from('text'), {}) }),
          )
          app.get('/streamed', (_request, reply) => reply.sendRange('f.txt', { source: STREAMED }))
          app.get('/positional', (_request, reply) => reply.sendRange('f.txt', { source: POSITIONAL }))
        },
      })
      for (const target of ['/files/f.txt', '/empty', '/other', '/buffer', '/streamed', '/positional']) {
        const usual = described(await ask({ target }))
        t.equal(usual[0], 200, target)
        t.same(described(await inheriting(entry, enumerable, () => ask({ target }))), usual, target)
      }
    })
  }
}

const STREAMED = { open: () => ({ size: 4, read: () => [Buffer.from('text')], close() {} }) }
const POSITIONAL = {
  open: () => ({ size: 4, readAt: async (target: Uint8Array) => target.fill(97).length, close() {} }),
}

/** The answer of the plugin. */
function described(response: RawResponse): unknown[] {
  const names = [
    'etag',
    'last-modified',
    'content-type',
    'cache-control',
    'content-disposition',
    'accept-ranges',
  ]
  const fields = [...names, 'content-length', 'inherited'].map((name) => field(response, name))
  return [response.status, response.body.toString(), ...fields]
}

t.test('bufferSource ignores inherited options', async (t) => {
  for (const [name, value] of [
    ['etag', '"inherited"'],
    ['lastModified', new Date(0)],
    ['contentType', 'text/html'],
  ] as const) {
    const bytes = Buffer.from('text')
    const open = (): unknown => bufferSource(bytes, {}).open('a', { signal: new AbortController().signal })
    const usual = Reflect.get(Object(open()), name)
    t.equal(await inheriting([name, value], true, () => Reflect.get(Object(open()), name)), usual, name)
  }
})

t.test('an object whose open is inherited from Object.prototype is not a source', async (t) => {
  const wrong = await inheriting(['open', () => undefined], false, () => {
    try {
      return callSettings(defaultSettings(), { source: {} as NonNullable<SendRangeOptions['source']> })
    } catch (error) {
      return error
    }
  })
  t.match(wrong, { code: 'ERR_RANGE_OPTION' })
})

class Base {
  get size(): number {
    return 4
  }

  get etag(): string {
    return '"of-the-class"'
  }

  async readAt(target: Uint8Array): Promise<number> {
    return target.fill(97).length
  }

  close(): void {}
}
class Derived extends Base {}

t.test('a representation may have its properties from its class or a proxy', async (t) => {
  for (const representation of [
    new Derived(),
    new Proxy({}, { get: (_none, name) => Reflect.get(new Base(), name) }),
  ]) {
    const source = { open: () => representation as Representation }
    const { ask } = await serveFiles(t, {
      files: {},
      routes: (app) => app.get('/', (_request, reply) => reply.sendRange('f.txt', { source })),
    })
    const response = await ask({ target: '/' })
    t.same(
      [response.status, field(response, 'etag'), response.body.toString()],
      [200, '"of-the-class"', 'aaaa'],
    )
  }
  const source = { open: () => new Derived() }
  const { ask } = await serveFiles(t, {
    files: {},
    routes: (app) => app.get('/', (_request, reply) => reply.sendRange('f.txt', { source })),
  })
  const response = await inheriting(['etag', '"inherited"'], false, () => ask({ target: '/' }))
  t.equal(field(response, 'etag'), '"of-the-class"')
})
