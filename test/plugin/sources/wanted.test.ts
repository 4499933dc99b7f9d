import type { FastifyInstance } from 'fastify'
import {
  bufferSource,
  fileSource,
  firstOf,
  type KnownVersion,
  type OpenContext,
  type RangePluginOptions,
  type RangeSource,
  type Wanted,
} from 'fastify-send-range'
import t, { type Test } from 'tap'
import { serve, until } from '../support/serve.ts'

const CONTENT = Buffer.from('0123456789')
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'

interface Noted {
  readonly source: RangeSource
  readonly wanted: (Wanted | undefined)[]
}

/** A source that notes what is wanted of it. */
function noting(inner: RangeSource = bufferSource(CONTENT, { etag: '"v1"' })): Noted {
  const wanted: (Wanted | undefined)[] = []
  const source: RangeSource = {
    open(path, context) {
      wanted.push(context.wanted)
      return inner.open(path, context)
    },
  }
  return { source, wanted }
}

async function serving(
  t: Test,
  plugin: RangePluginOptions,
  routes?: (app: FastifyInstance) => unknown,
): Promise<FastifyInstance> {
  return (await serve(t, { plugin, ...(routes && { routes }) })).app
}

t.test('open is told what the answer is going to read', async (t) => {
  const { source, wanted } = noting()
  const app = await serving(t, { source })
  const requests = [
    { method: 'HEAD' },
    {},
    { headers: { range: 'bytes=2-5' } },
    { headers: { range: 'bytes=2-' } },
    { headers: { range: 'bytes=-3' } },
    { headers: { range: 'bytes=0-0,-1' } },
    { headers: { range: 'bytes=2-5', 'if-none-match': '"v1"' } },
    { headers: { 'if-modified-since': DATE } },
    { headers: { range: 'bytes=2-5', 'if-range': '"v0"' } },
  ] as const
  const statuses: number[] = []
  for (const request of requests) statuses.push((await app.inject({ url: '/f', ...request })).statusCode)
  t.strictSame(statuses, [200, 200, 206, 206, 206, 200, 304, 200, 200])
  t.strictSame(wanted, [
    { kind: 'head' },
    { kind: 'whole' },
    { kind: 'range', first: 2, last: 5 },
    { kind: 'range', first: 2 },
    { kind: 'suffix', length: 3 },
    { kind: 'several' },
    { kind: 'head' },
    { kind: 'head' },
    { kind: 'range', first: 2, last: 5 },
  ])
})

/** What a source learns about a version that it remembers. */
async function wantedOf(
  t: Test,
  headers: Record<string, string>,
  version: KnownVersion,
  reply: Record<string, string> = {},
): Promise<Wanted | undefined> {
  let wanted: Wanted | undefined
  const source: RangeSource = {
    open(_path, context) {
      wanted = context.wantedOf?.(version)
      return undefined
    },
  }
  const app = await serving(t, { source }, (app) => {
    app.get('/f', (_request, answer) => answer.headers(reply).sendRange('f'))
  })
  await app.inject({ url: '/f', headers })
  return wanted
}

t.test('open can ask what the answer reads of a version that the source remembers', async (t) => {
  const version: KnownVersion = { size: 10, etag: '"v1"', lastModified: new Date(DATE) }
  const rows: readonly (readonly [Record<string, string>, Wanted])[] = [
    [{}, { kind: 'whole' }],
    [{ range: 'bytes=7-' }, { kind: 'range', first: 7, last: 9 }],
    [{ range: 'bytes=-3' }, { kind: 'range', first: 7, last: 9 }],
    [{ range: 'bytes=10-' }, { kind: 'head' }],
    [{ 'if-none-match': '"v1"' }, { kind: 'head' }],
    [{ 'if-none-match': '"v0"' }, { kind: 'whole' }],
    [{ 'if-modified-since': DATE }, { kind: 'head' }],
    [{ 'if-match': '"v0"' }, { kind: 'head' }],
    [
      { range: 'bytes=7-', 'if-range': '"v1"' },
      { kind: 'range', first: 7, last: 9 },
    ],
    [{ range: 'bytes=7-', 'if-range': '"v0"' }, { kind: 'whole' }],
  ]
  for (const [headers, want] of rows)
    t.strictSame(await wantedOf(t, headers, version), want, JSON.stringify(headers))
})

t.test('without validators only a request without conditions is foreseen', async (t) => {
  const size = { size: 10 }
  t.strictSame(await wantedOf(t, { range: 'bytes=10-' }, size), { kind: 'head' })
  t.equal(await wantedOf(t, { range: 'bytes=10-', 'if-range': '"v1"' }, size), undefined)
  t.equal(await wantedOf(t, { 'if-none-match': '"v1"' }, size), undefined)
  const ofHandler = await wantedOf(t, { 'if-none-match': '"v1"' }, size, { etag: '"v1"' })
  t.strictSame(ofHandler, { kind: 'head' }, 'the tag of the handler counts')
})

t.test('the options and the status of the handler count', async (t) => {
  const { source, wanted } = noting()
  const app = await serving(t, { source, maxRanges: 1 }, (app) => {
    app.get('/none', (_request, reply) => reply.sendRange('f', { acceptRanges: 'none' }))
    app.get('/one', (_request, reply) => reply.sendRange('f'))
    app.get('/two', (_request, reply) => reply.sendRange('f', { maxRanges: 2 }))
    app.get('/page', (_request, reply) => reply.code(404).sendRange('f'))
    app.get('/partial', (_request, reply) => reply.code(206).sendRange('f'))
  })
  const headers = { range: 'bytes=0-0,5-5' }
  for (const url of ['/none', '/one', '/two']) await app.inject({ url, headers })
  const one = { range: 'bytes=1-2', 'if-none-match': '"x"' }
  t.equal((await app.inject({ url: '/page', headers: one })).statusCode, 404)
  t.equal((await app.inject({ url: '/partial', headers: { range: 'bytes=1-2' } })).statusCode, 206)
  t.strictSame(wanted, [
    { kind: 'whole' },
    { kind: 'whole' },
    {
      kind: 'several',
      ranges: [
        { first: 0, last: 0 },
        { first: 5, last: 5 },
      ],
    },
    { kind: 'whole' },
    { kind: 'range', first: 1, last: 2 },
  ])
})

t.test(
  'every source of a firstOf, and one behind a source that passes calls on, is told the same',
  async (t) => {
    const nothing: RangeSource = { open: () => undefined }
    const [one, two, three] = [noting(nothing), noting(nothing), noting()]
    const passing: RangeSource = { open: (path, context) => three.source.open(path, context) }
    const files = fileSource({ root: t.testdir({}) })
    const app = await serving(t, { source: firstOf(files, one.source, firstOf(two.source, passing)) })
    t.equal((await app.inject({ url: '/f', headers: { range: 'bytes=2-5' } })).body, '2345')
    for (const { wanted } of [one, two, three]) t.strictSame(wanted, [{ kind: 'range', first: 2, last: 5 }])
  },
)

t.test('a source that changes the hint changes that of no other source', async (t) => {
  const meddling: RangeSource = {
    open(_path, { wanted }) {
      Object.assign(wanted ?? {}, { kind: 'whole', first: 99 })
      return undefined
    },
  }
  const { source, wanted } = noting()
  const app = await serving(t, { source: firstOf(meddling, source) })
  t.equal((await app.inject({ url: '/f', headers: { range: 'bytes=2-5' } })).body, '2345')
  t.strictSame(wanted, [{ kind: 'range', first: 2, last: 5 }])
})

t.test('a source that is opened again for a hook that reads is told the same', async (t) => {
  const { source, wanted } = noting({
    open: () => ({
      size: CONTENT.length,
      etag: '"v1"',
      *read({ first, last }) {
        yield CONTENT.subarray(first, last + 1)
      },
      close() {},
    }),
  })
  const app = await serving(t, { source }, (app) => {
    app.addHook('onSend', async (_request, _reply, payload: AsyncIterable<Buffer>) => {
      void (async () => {
        for await (const _chunk of payload);
      })()
      return payload
    })
    app.get('/f', (_request, reply) => reply.sendRange('f'))
  })
  t.equal((await app.inject({ url: '/f', headers: { range: 'bytes=2-5' } })).body, '2345')
  await until(() => wanted.length === 2)
  t.strictSame(wanted, Array(2).fill({ kind: 'range', first: 2, last: 5 }))
})

t.test('a caller of open may leave the hint out', async (t) => {
  const context: OpenContext = { signal: new AbortController().signal }
  for (const source of [fileSource({ root: t.testdir({ f: 'x' }) }), firstOf(bufferSource(CONTENT))]) {
    const opened = await source.open('f', context)
    t.ok(opened)
    await opened?.close()
  }
})
