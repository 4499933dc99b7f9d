import { createHash } from 'node:crypto'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { EtagFacts, SendRangeOptions } from 'fastify-send-range'
import t from 'tap'
import { serve } from '../support/serve.ts'

const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT'
const MODIFIED_SECONDS = 784_111_777

interface Row {
  readonly name: string
  readonly options?: SendRangeOptions
  /** What the handler sets before it calls sendRange. */
  readonly set?: Readonly<Record<string, string>>
  /** Fields that must stand so; undefined: must not be there. */
  readonly fields: Readonly<Record<string, string | RegExp | undefined>>
}

/** Long enough for an answer of several parts to be shorter. */
const CONTENT = '0123456789'.repeat(100)
const HASH = createHash('sha256').update(CONTENT).digest('base64url')

const ROWS: readonly Row[] = [
  {
    name: 'by default',
    fields: { etag: /^"[\w-]+"$/, 'last-modified': MODIFIED, 'cache-control': undefined },
  },
  { name: "etag: 'content'", options: { etag: 'content' }, fields: { etag: `"${HASH}"` } },
  { name: 'etag: false', options: { etag: false }, fields: { etag: undefined, 'last-modified': MODIFIED } },
  { name: 'a function gives an opaque tag', options: { etag: () => 'v1' }, fields: { etag: '"v1"' } },
  { name: 'a function gives a whole tag', options: { etag: () => '"v1"' }, fields: { etag: '"v1"' } },
  { name: 'a function gives a weak tag', options: { etag: () => 'W/"v1"' }, fields: { etag: 'W/"v1"' } },
  { name: 'a function gives a promise', options: { etag: async () => 'v1' }, fields: { etag: '"v1"' } },
  { name: 'a function gives none', options: { etag: () => false }, fields: { etag: undefined } },
  {
    name: 'lastModified: false',
    options: { lastModified: false },
    fields: { 'last-modified': undefined, etag: /^"/ },
  },
  {
    name: "the handler's validators",
    set: { etag: '"mine"', 'last-modified': 'Mon, 07 Nov 1994 08:49:37 GMT' },
    fields: { etag: '"mine"', 'last-modified': 'Mon, 07 Nov 1994 08:49:37 GMT' },
  },
  {
    name: "the handler's fields",
    options: {
      cacheControl: 'no-store',
      contentType: 'text/x',
      headers: { 'x-a': 'option', 'x-b': 'option' },
    },
    set: { 'cache-control': 'private', 'content-type': 'text/mine', 'x-a': 'mine' },
    fields: { 'cache-control': 'private', 'content-type': 'text/mine', 'x-a': 'mine', 'x-b': 'option' },
  },
]

t.test('validators and fields follow the options and the handler', async (t) => {
  const root = t.testdir({ 'f.txt': CONTENT })
  utimesSync(join(root, 'f.txt'), MODIFIED_SECONDS, MODIFIED_SECONDS)
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      for (const [index, { options, set }] of ROWS.entries()) {
        app.get(`/${index}`, (_request, reply) => reply.headers(set ?? {}).sendRange('f.txt', options))
      }
    },
  })
  for (const [index, { name, fields }] of ROWS.entries()) {
    for (const range of [undefined, 'bytes=0-3', 'bytes=0-1, 5-6']) {
      const headers = range === undefined ? {} : { range }
      const answer = await app.inject({ url: `/${index}`, headers })
      t.equal(answer.statusCode, range === undefined ? 200 : 206, name)
      for (const [field, value] of Object.entries(fields)) {
        // Of several parts each has the type of the file; the whole has its own.
        if (field === 'content-type' && range?.includes(','))
          t.match(answer.body, `Content-Type: ${String(value)}`)
        else if (value instanceof RegExp) t.match(answer.headers[field], value, `${name}: ${field}`)
        else t.equal(answer.headers[field], value, `${name}: ${field}`)
      }
      const { etag } = answer.headers
      if (typeof etag !== 'string') continue
      const again = await app.inject({ url: `/${index}`, headers: { 'if-none-match': etag } })
      t.equal(again.statusCode, 304, `${name}: its tag is recognised`)
      const strict = await app.inject({ url: `/${index}`, headers: { range: 'bytes=0-3', 'if-range': etag } })
      t.equal(strict.statusCode, etag.startsWith('W/') ? 200 : 206, `${name}: only a strong one continues`)
    }
  }
})

t.test('an etag function receives path, size and mtime', async (t) => {
  const root = t.testdir({ folder: { 'f.txt': CONTENT } })
  utimesSync(join(root, 'folder/f.txt'), MODIFIED_SECONDS, MODIFIED_SECONDS)
  const facts: EtagFacts[] = []
  const etag = (given: EtagFacts): string => {
    facts.push(given)
    return 'v1'
  }
  const { app } = await serve(t, { plugin: { root, etag } })
  await app.inject('/folder/f.txt')
  t.strictSame(facts, [{ path: 'folder/f.txt', size: CONTENT.length, mtimeMs: MODIFIED_SECONDS * 1000 }])
})

t.test('an etag function that fails, or returns something else than a tag, is a 500', async (t) => {
  const root = t.testdir({ 'f.txt': CONTENT })
  for (const etag of [
    () => {
      throw new Error('mine')
    },
    () => Promise.reject(new Error('mine')),
    () => 'a"b',
    () => 'a\r\nb: c',
    () => 'with space',
    () => undefined as unknown as string,
    () => 5 as unknown as string,
  ]) {
    const { app } = await serve(t, { plugin: { root, etag } })
    const { statusCode, headers } = await app.inject('/f.txt')
    t.equal(statusCode, 500, String(etag))
    t.equal(headers.etag, undefined)
    t.equal(headers['b'], undefined)
  }
})

t.test('RFC 9110 §8.8.2.1 a Last-Modified is never in the future', async (t) => {
  const root = t.testdir({ 'f.txt': CONTENT, 'old.txt': CONTENT })
  const inAnHour = Date.now() / 1000 + 3600
  utimesSync(join(root, 'f.txt'), inAnHour, inAnHour)
  utimesSync(join(root, 'old.txt'), 1, 1)
  const { app } = await serve(t, { plugin: { root } })
  const { headers } = await app.inject('/f.txt')
  t.equal(headers['last-modified'], undefined)
  const date = { range: 'bytes=0-3', 'if-range': String(headers.date) }
  const resumed = await app.inject({ url: '/f.txt', headers: date })
  t.equal(resumed.statusCode, 200, 'nor does the time of the answer continue anything')
  const old = await app.inject('/old.txt')
  t.equal(old.headers['last-modified'], undefined, 'a time that build systems set dates nothing')
  t.match(old.headers.etag, /^"/)
})

t.test('no answer names a path of the server', async (t) => {
  const root = t.testdir({ 'f.txt': CONTENT, folder: {} })
  const { app } = await serve(t, { plugin: { root } })
  for (const url of [
    '/f.txt',
    '/absent',
    '/folder',
    '/..%2f',
    '/%00',
    '/%5c',
    `/${'x'.repeat(5000)}`,
    '/a\\b',
  ]) {
    for (const headers of [{}, { range: 'bytes=99-' }, { 'if-match': '"x"' }]) {
      const { headers: fields, body } = await app.inject({ url, headers })
      t.notMatch(JSON.stringify(fields) + body, root, url)
      t.notMatch(body, /at .*\.js:\d+/, 'nor a stack')
    }
  }
})
