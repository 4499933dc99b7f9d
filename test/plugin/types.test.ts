import type { FastifyCorsOptions } from '@fastify/cors'
import { expectTypeOf } from 'expect-type'
import Fastify, { type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify'
import rangePluginByDefault, * as door from 'fastify-send-range'
import {
  type BufferSourceOptions,
  type ByteRange,
  bufferSource,
  type CacheControl,
  CHANNELS,
  corsOptions,
  type EtagFunction,
  type FileSourceOptions,
  fileSource,
  firstOf,
  type PositionalRepresentation,
  type RangePluginOptions,
  type RangeSource,
  type Representation,
  rangePlugin,
  rangeRoutes,
  SendRangeError,
  type SendRangeErrorCode,
  type SendRangeEvent,
  type SendRangeOptions,
  type StreamedRepresentation,
  type WildcardRoute,
} from 'fastify-send-range'
import type { HttpSourceOptions } from 'fastify-send-range/http'
import type { S3SourceOptions } from 'fastify-send-range/s3'
import t from 'tap'
import type { FilePolicy } from '#plugin/files/file-options.js'
import type { Given } from '#plugin/option-row-types.js'
import { OPTION_TABLE } from '#plugin/option-table.js'
import type { Settings } from '#plugin/options.js'
import type { SpellingSettings } from '#plugin/request/target-check.js'
import type { FieldSettings } from '#plugin/response/response-fields.js'
import type { SelectionSettings } from '#plugin/response/selected-representation.js'
import { defaultSettings } from '#plugin/settings.js'

/** Options that stay undefined where they are not given. */
type WithoutDefault = 'source' | 'cacheControl' | 'contentType' | 'onNotFound' | 'onEnd'

// Most of this file is checked by the compiler: a wrong expectation, or an error that is not there, fails the build.

t.test('the package exports the documented names and no others', async (t) => {
  t.strictSame(Object.keys(door).sort(), [
    'CHANNELS',
    'SendRangeError',
    'bufferSource',
    'corsOptions',
    'default',
    'fileSource',
    'firstOf',
    'rangePlugin',
    'rangeRoutes',
  ])
  t.equal(rangePluginByDefault, rangePlugin)
})

t.test('the plugin and its decorator have their types', async (t) => {
  expectTypeOf(rangePlugin).toExtend<FastifyPluginAsync<RangePluginOptions>>()
  type SendRange = (path: string, options?: SendRangeOptions) => FastifyReply
  expectTypeOf<FastifyReply['sendRange']>().toEqualTypeOf<SendRange>()

  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin)
  await app.register(async (scope) => {
    await scope.register(rangePlugin, { root: new URL('file:///srv/files/'), maxOpenFiles: 10 })
  })
  app.get('/sync/*', (request: FastifyRequest<{ Params: { '*': string } }>, reply) => {
    reply.sendRange(request.params['*'])
  })
  app.get<{ Params: { '*': string } }>('/async/*', async (request, reply) => {
    return reply.header('x-a', 'b').sendRange(request.params['*'], { download: true })
  })
  // @ts-expect-error the path is a string
  app.get('/number', (_request, reply) => reply.sendRange(5))
  // @ts-expect-error the path is needed
  app.get('/nothing', (_request, reply) => reply.sendRange())
  // @ts-expect-error descriptors are kept for a registration, not for a call
  app.get('/call', (_request, reply) => reply.sendRange('a', { maxOpenFiles: 5 }))
  await t.resolves(async () => app.ready())
})

t.test('routes have their types', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const root = t.testdir({})
  await app.register(rangeRoutes, { root, prefix: '/files', logLevel: 'warn', etag: 'content' })
  await app.register(rangeRoutes, { source: { open: () => undefined }, prefix: '/source' })
  app.get<WildcardRoute>('/own/*', ({ params }, reply) => reply.send(params['*'].length))
  // @ts-expect-error where the bytes come from must be said
  await t.rejects(async () => app.register(rangeRoutes, { prefix: '/nothing' }))
})

t.test('an option may be undefined, also under exactOptionalPropertyTypes', async (t) => {
  type Undefined<Options> = { readonly [Name in keyof Options]-?: undefined }
  // That files come from the working directory must not be the result of a variable that is not set.
  type Sure = 'root' | 'source'
  const given = <T>(): T => ({}) as T
  const files: FileSourceOptions = given<Undefined<FileSourceOptions>>()
  const bytes: BufferSourceOptions = given<Undefined<BufferSourceOptions>>()
  const cacheControl: CacheControl = given<Undefined<CacheControl>>()
  const ofCall: SendRangeOptions = given<Undefined<Omit<SendRangeOptions, Sure>>>()
  const http: HttpSourceOptions = {
    url: () => undefined,
    ...given<Undefined<Omit<HttpSourceOptions, 'url'>>>(),
  }
  const needed = { bucket: 'b', region: 'r', credentials: { accessKeyId: 'a', secretAccessKey: 's' } }
  const s3: S3SourceOptions = { ...given<Undefined<Omit<S3SourceOptions, keyof typeof needed>>>(), ...needed }
  t.strictSame(
    [files, bytes, cacheControl, ofCall, Object.keys(http).length, s3.bucket],
    [{}, {}, {}, {}, 1, 'b'],
  )
  const app = Fastify()
  t.teardown(() => app.close())
  const all: RangePluginOptions = Object.fromEntries(
    Object.keys(OPTION_TABLE).map((name) => [name, undefined]),
  )
  await app.register(rangePlugin, { ...all, root: t.testdir({ 'f.txt': 'text' }) })
  app.get('/', (_request, reply) => reply.sendRange('f.txt', all))
  t.equal((await app.inject('/')).body, 'text')
})

t.test('the compiler refuses wrong options', async (t) => {
  const right: RangePluginOptions[] = [
    {},
    {
      root: '/srv',
      dotfiles: 'allow',
      etag: 'content',
      lastModified: false,
      acceptRanges: 'none',
      download: 'a.txt',
    },
    {
      etag: false,
      contentType: () => undefined,
      headers: { 'x-a': 'b' },
      encodedSlashes: 'allow',
      targetSpelling: 'exact',
      stallTimeout: 0,
    },
    { cacheControl: { scope: 'public', maxAge: 60, immutable: true } },
    { headers: ({ path, size, mtimeMs }) => ({ 'x-a': `${path}-${size}-${mtimeMs}`, 'x-b': undefined }) },
    { headers: () => undefined },
    { index: 'index.html', extensions: ['.html'] },
    { index: false, extensions: [] },
    {
      onNotFound: (request, reply) => reply.code(404).send(request.url),
      onEnd: ({ bytesSent }) => bytesSent,
    },
    { onNotFound: async () => 'a page', onEnd: async ({ outcome }) => outcome === 'served' },
    { etag: ({ path, size, mtimeMs }) => `${path}-${size}-${mtimeMs}` },
    {
      etag: async ({ size }) => (size > 5 ? 'a' : false),
      maxRanges: 5,
      cacheControl: 'no-store',
      maxOpenFiles: 0,
    },
  ]
  const wrong: RangePluginOptions[] = [
    // @ts-expect-error dotfiles is a closed set
    { dotfiles: 'serve' },
    // @ts-expect-error etag is no boolean pair
    { etag: true },
    // @ts-expect-error there is no weak etag
    { etag: 'weak' },
    // @ts-expect-error lastModified is 'mtime' or false
    { lastModified: true },
    // @ts-expect-error acceptRanges is a closed set
    { acceptRanges: true },
    // @ts-expect-error encodedSlashes is a closed set
    { encodedSlashes: true },
    // @ts-expect-error a count is a number
    { maxRanges: '5' },
    // @ts-expect-error a header value is a string
    { headers: { 'x-a': 5 } },
    // @ts-expect-error the fields are made at once
    { headers: async () => ({}) },
    // @ts-expect-error a time is a number of seconds
    { cacheControl: { maxAge: '1d' } },
    // @ts-expect-error index is a name
    { index: true },
    // @ts-expect-error there is no such option
    { maxAge: 5 },
  ]
  t.equal(right.length + wrong.length, 24)
  expectTypeOf<SendRangeOptions>().not.toHaveProperty('maxOpenFiles')
  expectTypeOf<EtagFunction>().returns.toEqualTypeOf<string | false | Promise<string | false>>()
})

t.test(
  'Settings follows the options: every one is there, with its type, and without undefined if it has a default',
  async (t) => {
    expectTypeOf<keyof Settings>().toEqualTypeOf<keyof RangePluginOptions>()
    expectTypeOf<Settings['root']>().toEqualTypeOf<string>()
    expectTypeOf<Settings['cacheControl']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<Omit<Settings, 'root' | WithoutDefault>>().toEqualTypeOf<
      Omit<Required<Given<RangePluginOptions>>, 'root' | WithoutDefault>
    >()
    type AsGiven = Exclude<WithoutDefault, 'cacheControl'>
    expectTypeOf<Pick<Settings, AsGiven>>().toEqualTypeOf<{
      readonly [Name in AsGiven]: Required<RangePluginOptions>[Name] | undefined
    }>()
    t.strictSame(Object.keys(OPTION_TABLE).sort(), Object.keys(defaultSettings()).sort())
  },
)

t.test('Settings has what each wing declares', async () => {
  expectTypeOf<Settings>().toExtend<FilePolicy>()
  expectTypeOf<Settings>().toExtend<SpellingSettings>()
  expectTypeOf<Settings>().toExtend<SelectionSettings>()
  expectTypeOf<Settings>().toExtend<FieldSettings>()
})

t.test('errors are a closed union of codes', async (t) => {
  const error: unknown = await Fastify()
    .register(rangePlugin, { maxRanges: 0 })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  t.ok(error instanceof SendRangeError)
  if (!(error instanceof SendRangeError)) return
  expectTypeOf(error.code).toEqualTypeOf<SendRangeErrorCode>()
  expectTypeOf(error.statusCode).toEqualTypeOf<number>()
  t.equal(error.code satisfies SendRangeErrorCode, 'ERR_RANGE_OPTION')
  // @ts-expect-error codes are a closed set
  t.not(error.code, 'ERR_RANGE_OTHER' satisfies SendRangeErrorCode)
  expectTypeOf<SendRangeError>().pick<'code' | 'statusCode'>().toEqualTypeOf<{
    readonly code: SendRangeErrorCode
    readonly statusCode: number
  }>()
})

t.test('sources and representations have their types', async (t) => {
  expectTypeOf(bufferSource).returns.toEqualTypeOf<RangeSource>()
  expectTypeOf(bufferSource).parameter(0).toEqualTypeOf<Uint8Array>()
  expectTypeOf<Representation>().toEqualTypeOf<StreamedRepresentation | PositionalRepresentation>()
  expectTypeOf<ByteRange>().toEqualTypeOf<{ readonly first: number; readonly last: number }>()

  const streamed: RangeSource = {
    open: async (path, { signal }) =>
      path === '' || signal.aborted ? undefined : { size: 1, *read() {}, close() {}, etag: undefined },
  }
  const positional: RangeSource = { open: () => ({ size: 1, readAt: async () => 0, async close() {} }) }
  // @ts-expect-error a representation says how large it is
  const sizeless: RangeSource = { open: () => ({ readAt: async () => 0, close() {} }) }
  // @ts-expect-error a representation is closed
  const endless: RangeSource = { open: () => ({ size: 1, readAt: async () => 0 }) }
  // @ts-expect-error a representation is read
  const mute: RangeSource = { open: () => ({ size: 1, close() {} }) }
  // @ts-expect-error strings are no bytes
  const text: RangeSource = { open: () => ({ size: 1, read: () => ['a'], close() {} }) }
  for (const source of [streamed, positional, sizeless, endless, mute, text]) t.type(source.open, 'function')
})

t.test('the sources of the package have their types', async (t) => {
  expectTypeOf(fileSource).returns.toEqualTypeOf<RangeSource>()
  expectTypeOf(fileSource).parameter(0).toEqualTypeOf<FileSourceOptions | undefined>()
  expectTypeOf(firstOf).returns.toEqualTypeOf<RangeSource>()
  expectTypeOf(firstOf).parameters.toEqualTypeOf<RangeSource[]>()
  expectTypeOf<RangePluginOptions>().toExtend<FileSourceOptions>()

  const source = firstOf(fileSource({ root: new URL('file:///srv/'), etag: () => false }), {
    open: () => undefined,
  })
  // @ts-expect-error maxRanges is an option of the plugin
  t.throws(() => fileSource({ maxRanges: 5 }))
  // @ts-expect-error dotfiles is a closed set
  t.throws(() => fileSource({ dotfiles: 'serve' }))
  // @ts-expect-error a list of sources is not a source
  t.throws(() => firstOf([source]))
  t.type(source.open, 'function')
})

t.test('corsOptions fits the options of @fastify/cors', async (t) => {
  expectTypeOf(corsOptions()).toExtend<FastifyCorsOptions>()
  t.type(corsOptions().exposedHeaders, Array)
})

t.test('events have their types', async (t) => {
  expectTypeOf<SendRangeEvent['ranges']>().toEqualTypeOf<readonly ByteRange[]>()
  expectTypeOf<SendRangeEvent['bytesSent']>().toEqualTypeOf<number>()
  expectTypeOf(CHANNELS.served).toEqualTypeOf<string>()
  t.not(CHANNELS.served, CHANNELS.aborted)
})
