import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import compress from '@fastify/compress'
import cors from '@fastify/cors'
import type { FastifyReply } from 'fastify'
import type { SendRangeOptions } from 'fastify-send-range'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { FORMS, type Form, makeFolder } from '../files/support/compressed-forms.ts'
import { serve } from '../support/serve.ts'

interface Row {
  readonly name: string
  readonly options?: SendRangeOptions
  readonly prepare?: (reply: FastifyReply) => unknown
  readonly form: Form
  readonly fields: Readonly<Record<string, string | RegExp | undefined>>
}

const ROWS: readonly Row[] = [
  { name: 'nothing', form: 'gzip', fields: { vary: 'Accept-Encoding', 'content-encoding': 'gzip' } },
  {
    name: 'Vary of the handler',
    prepare: (reply) => reply.header('vary', 'Cookie'),
    form: 'gzip',
    fields: { vary: 'Cookie, Accept-Encoding' },
  },
  {
    name: 'Vary of the handler, with Accept-Encoding',
    prepare: (reply) => reply.header('vary', 'accept-encoding, Cookie'),
    form: 'gzip',
    fields: { vary: 'accept-encoding, Cookie' },
  },
  { name: 'Vary: *', prepare: (reply) => reply.header('vary', '*'), form: 'gzip', fields: { vary: '*' } },
  {
    name: 'Vary of middleware',
    prepare: (reply) => reply.raw.setHeader('Vary', 'Origin'),
    form: 'gzip',
    fields: { vary: 'Origin, Accept-Encoding' },
  },
  {
    name: 'Vary of the option headers',
    options: { headers: { Vary: 'Cookie' } },
    form: 'gzip',
    fields: { vary: 'Cookie, Accept-Encoding' },
  },
  {
    name: 'Content-Encoding of the handler: its bytes have this coding already',
    prepare: (reply) => reply.header('content-encoding', 'zstd'),
    form: 'identity',
    fields: { vary: undefined, 'content-encoding': 'zstd' },
  },
  {
    name: 'Content-Encoding of the option headers',
    options: { headers: { 'Content-Encoding': 'zstd' } },
    form: 'identity',
    fields: { vary: undefined, 'content-encoding': 'zstd' },
  },
  {
    name: 'Content-Encoding of a function for headers: it does not know of the variant',
    options: { headers: () => ({ 'Content-Encoding': 'zstd', 'x-made': 'yes' }) },
    form: 'gzip',
    fields: { vary: 'Accept-Encoding', 'content-encoding': 'gzip', 'x-made': 'yes' },
  },
  {
    name: 'ETag of the handler: it is the tag of one form',
    prepare: (reply) => reply.header('etag', '"mine"'),
    form: 'identity',
    fields: { vary: undefined, etag: '"mine"', 'content-encoding': undefined },
  },
  {
    name: 'Last-Modified of the handler: a download may be continued by it',
    prepare: (reply) => reply.header('last-modified', 'Mon, 07 Nov 1994 08:49:37 GMT'),
    form: 'identity',
    fields: { vary: undefined, 'content-encoding': undefined },
  },
  {
    name: 'no-transform: it is for proxies, and nothing is transformed',
    options: { cacheControl: 'no-transform' },
    form: 'gzip',
    fields: { vary: 'Accept-Encoding', 'cache-control': 'no-transform' },
  },
  {
    name: 'Content-Type of the handler',
    prepare: (reply) => reply.type('text/x'),
    form: 'gzip',
    fields: { 'content-type': 'text/x' },
  },
  {
    name: 'a function for the type gets the path of the file',
    options: { contentType: (path) => `text/x;path="${path}"` },
    form: 'gzip',
    fields: { 'content-type': 'text/x;path="app.js"' },
  },
  {
    name: 'a download has the name of the file',
    options: { download: true },
    form: 'gzip',
    fields: { 'content-disposition': 'attachment; filename=app.js' },
  },
  {
    name: "acceptRanges: 'none'",
    options: { acceptRanges: 'none' },
    form: 'gzip',
    fields: { 'accept-ranges': 'none', etag: /^W\/"[\w-]+-gzip"$/, vary: 'Accept-Encoding' },
  },
  {
    name: 'the option switched off',
    options: { precompressed: false },
    form: 'identity',
    fields: { vary: undefined },
  },
]

t.test('a choice of codings beside what the application sets', async (t) => {
  const root = makeFolder(t, ['identity', 'gzip'])
  const { app, errors } = await serve(t, {
    plugin: { root, precompressed: true },
    routes: (app) => {
      for (const [index, { options, prepare }] of ROWS.entries()) {
        app.get(`/${index}`, (_request, reply) => {
          prepare?.(reply)
          return reply.sendRange('app.js', options)
        })
      }
    },
  })
  for (const [index, { name, form, fields }] of ROWS.entries()) {
    const headers = { 'accept-encoding': 'gzip' }
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await app.inject({ url: `/${index}`, method, headers })
      t.equal(answer.statusCode, 200, name)
      if (method === 'GET') sameBytes(t, answer.rawPayload, FORMS[form])
      for (const [field, value] of Object.entries(fields)) {
        if (value instanceof RegExp) t.match(answer.headers[field], value, `${name}: ${field}`)
        else t.equal(answer.headers[field], value, `${name}: ${field}`)
      }
    }
  }
  t.strictSame(errors(), [])
})

t.test('Vary of a 304 has the names of the application too', async (t) => {
  const root = makeFolder(t, ['identity', 'gzip'])
  const { app } = await serve(t, {
    plugin: { root, precompressed: true },
    routes: (app) => app.get('/a', (_request, reply) => reply.header('vary', 'Cookie').sendRange('app.js')),
  })
  const { etag = '' } = (await app.inject({ url: '/a', headers: { 'accept-encoding': 'gzip' } })).headers
  const answer = await app.inject({
    url: '/a',
    headers: { 'accept-encoding': 'gzip', 'if-none-match': etag },
  })
  t.equal(answer.statusCode, 304)
  t.equal(answer.headers['vary'], 'Cookie, Accept-Encoding')
})

t.test('with @fastify/cors both names are in Vary', async (t) => {
  const root = makeFolder(t, ['identity', 'gzip'])
  for (const hook of ['onRequest', 'preHandler'] as const) {
    const { app } = await serve(t, {
      plugin: { root, precompressed: true },
      routes: async (app) => {
        await app.register(cors, { origin: [/a/, /b/], hook })
        app.get('/a', (_request, reply) => reply.sendRange('app.js'))
      },
    })
    const headers = { 'accept-encoding': 'gzip', origin: 'https://a.example' }
    const answer = await app.inject({ url: '/a', headers })
    t.strictSame(String(answer.headers['vary']).split(', ').sort(), ['Accept-Encoding', 'Origin'], hook)
    t.equal(answer.headers['content-encoding'], 'gzip')
  }
})

t.test('with @fastify/compress a variant goes out as it is stored', async (t) => {
  const root = makeFolder(t, ['identity', 'gzip'])
  const { app, errors } = await serve(t, {
    plugin: { root, precompressed: true },
    routes: async (app) => {
      await app.register(compress, { threshold: 0 })
      app.get('/a', (_request, reply) => reply.sendRange('app.js'))
    },
  })
  for (const range of [undefined, 'bytes=5-14']) {
    const headers = { 'accept-encoding': 'gzip', ...(range && { range }) }
    const answer = await app.inject({ url: '/a', headers })
    t.equal(answer.headers['content-encoding'], 'gzip')
    t.match(answer.headers['etag'], /^"/, 'the tag stays strong')
    sameBytes(t, answer.rawPayload, range ? FORMS.gzip.subarray(5, 15) : FORMS.gzip)
  }
  t.strictSame(errors(), [])
})

t.test('the server in front is not handed a file that has other forms', async (t) => {
  const root = makeFolder(t, ['identity', 'gzip'])
  writeFileSync(join(root, 'alone.js'), 'alone')
  const handOver = { header: 'X-Accel-Redirect', prefix: '/__files/' } as const
  const { app } = await serve(t, { plugin: { root, precompressed: true, handOver } })
  for (const form of ['identity', 'gzip'] as const) {
    const answer = await app.inject({ url: '/app.js', headers: { 'accept-encoding': form } })
    t.equal(answer.headers['x-accel-redirect'], undefined)
    sameBytes(t, answer.rawPayload, FORMS[form])
  }
  const alone = await app.inject({ url: '/alone.js', headers: { 'accept-encoding': 'gzip' } })
  t.equal(alone.headers['x-accel-redirect'], '/__files/alone.js')
})
