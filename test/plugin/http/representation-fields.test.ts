import { gunzipSync, gzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import type { FastifyInstance } from 'fastify'
import {
  bufferSource,
  firstOf,
  type RangeSource,
  type RepresentationMetadata,
  SendRangeError,
} from 'fastify-send-range'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { serve } from '../support/serve.ts'
import { type Answer, TRANSPORTS } from '../support/transports.ts'

const HEADERS = {
  'cache-control': 'max-age=60',
  'content-disposition': 'attachment; filename="a.txt"',
  'content-language': 'zh',
  'content-location': '/a.txt.v1',
  expires: 'Thu, 01 Jan 2026 00:00:00 GMT',
  'repr-digest': 'sha-256=:AAAA:',
  'x-amz-meta-colour': 'green',
}
const OF_304 = ['cache-control', 'content-location', 'expires']
/** Larger than what is sent at once. */
const CONTENT = numberedLines(1_000_000)
const STORED = gzipSync(CONTENT)
const TAG = '"v1"'

type Fields = Pick<RepresentationMetadata, 'headers' | 'contentEncoding'>
const ALL: Fields = { headers: HEADERS, contentEncoding: 'gzip' }

/** The same bytes in both kinds of representation. */
const SOURCES: Readonly<Record<string, (fields: Fields, bytes?: Buffer) => RangeSource>> = {
  'at positions': (fields, bytes = STORED) => ({
    open: () => ({
      size: bytes.length,
      etag: TAG,
      ...fields,
      readAt: async (target, position) => bytes.copy(target, 0, position, position + target.length),
      close() {},
    }),
  }),
  'as chunks': (fields, bytes = STORED) => ({
    open: () => ({
      size: bytes.length,
      etag: TAG,
      ...fields,
      *read({ first, last }) {
        for (let at = first; at <= last; at += 30_000)
          yield bytes.subarray(at, Math.min(last + 1, at + 30_000))
      },
      close() {},
    }),
  }),
}

function fieldsOf({ headers }: Answer, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => name in headers).map((name) => [name, headers[name]]))
}

const NAMES = [...Object.keys(HEADERS), 'content-encoding']

for (const transport of TRANSPORTS.filter(({ server }) => server.https === undefined)) {
  for (const [kind, make] of Object.entries(SOURCES)) {
    t.test(
      `fields of a representation read ${kind} are on 200, 206 and 304 (${transport.name})`,
      async (t) => {
        const source = firstOf({ open: () => undefined }, make(ALL))
        const { port, errors } = await serve(t, {
          plugin: { source },
          server: transport.server,
          routes: everything,
        })
        const ask = (headers: Record<string, string>, method = 'GET'): Promise<Answer> =>
          transport.ask(port, { method, path: '/f', headers })
        const all = { ...HEADERS, 'content-encoding': 'gzip' }

        const whole = await ask({})
        t.equal(whole.status, 200)
        t.strictSame(fieldsOf(whole, NAMES), all)
        t.equal(whole.headers['etag'], TAG)
        t.equal(whole.headers['accept-ranges'], 'bytes')
        sameBytes(t, gunzipSync(whole.body), CONTENT)
        t.strictSame(fieldsOf(await ask({}, 'HEAD'), NAMES), all)

        for (const headers of [{ range: 'bytes=5-9' }, { range: 'bytes=5-9', 'if-range': TAG }]) {
          const part = await ask(headers)
          t.equal(part.status, 206)
          t.strictSame(fieldsOf(part, NAMES), all)
          t.equal(part.headers['content-range'], `bytes 5-9/${STORED.length}`)
          sameBytes(t, part.body, STORED.subarray(5, 10))
        }
        const several = await ask({ range: 'bytes=5-9,100-109' })
        t.equal(several.status, 206)
        t.strictSame(fieldsOf(several, NAMES), all)

        const valid = await ask({ 'if-none-match': TAG })
        t.equal(valid.status, 304)
        t.strictSame(Object.keys(fieldsOf(valid, NAMES)), OF_304)

        for (const [status, headers] of [
          [412, { 'if-match': '"x"' }],
          [416, { range: `bytes=${STORED.length}-` }],
        ] as const) {
          const refused = await ask(headers)
          t.equal(refused.status, status)
          t.strictSame(fieldsOf(refused, NAMES), {})
        }
        t.strictSame(errors(), [])
      },
    )
  }
}

function everything(app: FastifyInstance): void {
  app.get('/f', (_request, reply) => reply.sendRange('f'))
}

t.test('a client that does not accept the coding gets the bytes as they are stored', async (t) => {
  const source = bufferSource(STORED, { contentEncoding: 'gzip' })
  const { app } = await serve(t, { plugin: { source } })
  for (const accepted of ['identity', 'br', 'gzip;q=0', '*;q=0']) {
    const answer = await app.inject({ url: '/f.txt', headers: { 'accept-encoding': accepted } })
    t.equal(answer.statusCode, 200, accepted)
    t.equal(answer.headers['content-encoding'], 'gzip')
    t.ok(STORED.equals(answer.rawPayload))
  }
})

t.test(
  'fields of the handler and of the options come first, and Expires goes with Cache-Control',
  async (t) => {
    const source = bufferSource(STORED, { ...ALL, etag: TAG } as never)
    const { app } = await serve(t, {
      plugin: { source },
      routes: (app) => {
        app.get('/handler', (_request, reply) =>
          reply
            .headers({ 'Content-Disposition': 'inline', 'content-language': 'en', 'content-encoding': 'br' })
            .sendRange('f'),
        )
        app.get('/options', (_request, reply) =>
          reply.sendRange('f', {
            cacheControl: 'private',
            download: 'b.txt',
            headers: { 'Content-Language': 'en', 'Content-Encoding': 'br' },
          }),
        )
        app.get('/expires', (_request, reply) => reply.header('expires', '0').sendRange('f'))
      },
    })
    const get = async (url: string, headers = {}): Promise<Record<string, unknown>> => {
      const answer = await app.inject({ url, headers })
      return Object.fromEntries(NAMES.map((name) => [name, answer.headers[name]]))
    }
    const sent = { ...HEADERS, 'content-encoding': 'br', 'content-language': 'en' }
    t.strictSame(await get('/handler'), { ...sent, 'content-disposition': 'inline' })
    const own = { 'cache-control': 'private', expires: undefined }
    const disposition = 'attachment; filename=b.txt'
    t.strictSame(await get('/options'), { ...sent, ...own, 'content-disposition': disposition })
    t.match(await get('/options', { 'if-none-match': TAG }), { ...own, 'content-location': '/a.txt.v1' })
    t.match(await get('/expires'), { 'cache-control': 'max-age=60', expires: '0' })
  },
)

t.test('fields of a representation are on no error, also if one comes before the first byte', async (t) => {
  const broken: RangeSource = {
    open: () => ({
      size: 1_000_000,
      etag: TAG,
      ...ALL,
      read() {
        throw new SendRangeError('ERR_RANGE_OVERLOADED', 'busy')
      },
      close() {},
    }),
  }
  const missing = firstOf({ open: () => undefined })
  const { app } = await serve(t, {
    routes: (app) => {
      app.get('/broken', (_request, reply) => reply.sendRange('f', { source: broken }))
      app.get('/missing', (_request, reply) => reply.sendRange('f', { source: missing }))
      app.get('/wrong', (_request, reply) => {
        const headers = { ...HEADERS, 'set-cookie': 'a=b' }
        const source = SOURCES['at positions']?.({ headers }) as RangeSource
        return reply.sendRange('f', { source })
      })
    },
  })
  for (const [url, status] of [
    ['/broken', 503],
    ['/missing', 404],
    ['/wrong', 500],
  ] as const) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, status)
    for (const name of NAMES) t.equal(answer.headers[name], undefined, `${url}: ${name}`)
  }
})

t.test('a hook that compresses leaves a stored coding alone', async (t) => {
  for (const make of Object.values(SOURCES)) {
    const { app, errors } = await serve(t, {
      plugin: { source: make({ contentEncoding: 'gzip' }), contentType: 'text/plain' },
      routes: async (app) => {
        await app.register(compress)
        everything(app)
      },
    })
    const headers = { 'accept-encoding': 'gzip, br' }
    const whole = await app.inject({ url: '/f', headers })
    t.match(whole.headers, { 'content-encoding': 'gzip', etag: TAG, 'accept-ranges': 'bytes' })
    t.ok(STORED.equals(whole.rawPayload))
    const part = await app.inject({ url: '/f', headers: { ...headers, range: 'bytes=5-9' } })
    t.equal(part.statusCode, 206)
    t.strictSame(errors(), [])
  }
})
