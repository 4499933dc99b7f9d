import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { serve } from '../support/serve.ts'
import { type Answer, type Ask, TRANSPORTS } from '../support/transports.ts'

/** A file written a moment ago has no Last-Modified yet. */
const DATED = new Date('2020-01-01T00:00:00Z')

const SIZE = 3_000_000
const CONTENT = Buffer.alloc(SIZE, '0123456789abcdef')
const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT'
const TAG = '"v1"'

interface Row extends Ask {
  readonly name: string
  readonly status: number
  /** Fields with these values; undefined: absent. */
  readonly fields?: Readonly<Record<string, string | undefined>>
  readonly body?: Buffer | RegExp
}

const get = (headers: Record<string, string>): Ask => ({ path: '/big.bin', headers })
const part = (first: number, last: number): Buffer => CONTENT.subarray(first, last + 1)

const ROWS: readonly Row[] = [
  {
    name: 'a whole file',
    path: '/big.bin',
    status: 200,
    fields: {
      'content-length': String(SIZE),
      'accept-ranges': 'bytes',
      etag: TAG,
      'last-modified': MODIFIED,
      'content-range': undefined,
    },
    body: CONTENT,
  },
  {
    name: 'a small part',
    ...get({ range: 'bytes=0-3' }),
    status: 206,
    fields: { 'content-length': '4', 'content-range': `bytes 0-3/${SIZE}`, etag: TAG },
    body: part(0, 3),
  },
  {
    name: 'a large part',
    ...get({ range: 'bytes=1000000-' }),
    status: 206,
    fields: { 'content-length': '2000000', 'content-range': `bytes 1000000-2999999/${SIZE}` },
    body: part(1_000_000, SIZE - 1),
  },
  {
    name: 'a suffix',
    ...get({ range: 'bytes=-100000' }),
    status: 206,
    fields: { 'content-range': `bytes 2900000-2999999/${SIZE}` },
    body: part(2_900_000, SIZE - 1),
  },
  {
    name: 'several parts',
    ...get({ range: 'bytes=0-3, 10-99999' }),
    status: 206,
    fields: { 'content-range': undefined, etag: TAG },
    body: /Content-Range: bytes 0-3\/3000000\r\n\r\n0123\r\n--.*Content-Range: bytes 10-99999\/3000000\r\n\r\nabcdef0123/s,
  },
  {
    name: 'unsatisfiable',
    ...get({ range: `bytes=${SIZE}-` }),
    status: 416,
    fields: { 'content-range': `bytes */${SIZE}`, etag: undefined, 'last-modified': undefined },
  },
  { name: 'malformed', ...get({ range: 'bytes=x-4' }), status: 200, body: CONTENT },
  {
    name: 'not modified by tag',
    ...get({ 'if-none-match': TAG, range: 'bytes=0-3' }),
    status: 304,
    fields: { etag: TAG, 'content-length': undefined, 'content-type': undefined },
    body: Buffer.alloc(0),
  },
  { name: 'not modified by date', ...get({ 'if-modified-since': MODIFIED }), status: 304 },
  {
    name: 'If-Match of another version',
    ...get({ 'if-match': '"v0"' }),
    status: 412,
    fields: { etag: undefined },
  },
  {
    name: 'If-Range of this version',
    ...get({ 'if-range': TAG, range: 'bytes=5-5' }),
    status: 206,
    body: part(5, 5),
  },
  { name: 'If-Range of another', ...get({ 'if-range': '"v0"', range: 'bytes=5-5' }), status: 200 },
  { name: 'If-Range by date', ...get({ 'if-range': MODIFIED, range: 'bytes=5-5' }), status: 206 },
  {
    name: 'HEAD',
    method: 'HEAD',
    ...get({ range: 'bytes=0-3' }),
    status: 200,
    fields: { 'content-length': String(SIZE), 'accept-ranges': 'bytes', etag: TAG },
    body: Buffer.alloc(0),
  },
  { name: 'HEAD not modified', method: 'HEAD', ...get({ 'if-none-match': TAG }), status: 304 },
  { name: 'POST', method: 'POST', ...get({ range: 'bytes=0-3' }), status: 200, body: CONTENT },
  { name: 'empty', path: '/empty', status: 200, fields: { 'content-length': '0' }, body: Buffer.alloc(0) },
  { name: 'absent', path: '/absent', status: 404, fields: { etag: undefined, 'accept-ranges': undefined } },
  { name: 'HEAD of nothing', method: 'HEAD', path: '/absent', status: 404 },
  { name: 'a second spelling', path: '/x/../big.bin', status: 404 },
  { name: 'an encoded slash', path: '/folder%2Ff.txt', status: 404 },
  { name: 'a file in a folder', path: '/folder/f.txt', status: 200, body: Buffer.from('in a folder') },
]

const VARYING = new Set(['date', 'content-length', 'content-type'])

function comparable({ status, headers, body }: Answer): object {
  const fields = Object.entries(headers).filter(([name]) => !VARYING.has(name))
  return { status, fields: Object.fromEntries(fields.sort()), size: body.length }
}

for (const hooked of [false, true]) {
  t.test(
    hooked
      ? 'every transport gets the same answers with an asynchronous onSend'
      : 'every transport gets the same answers without hooks',
    async (t) => {
      const root = t.testdir({ 'big.bin': CONTENT, empty: '', folder: { 'f.txt': 'in a folder' } })
      for (const name of ['big.bin', 'empty', 'folder/f.txt']) utimesSync(join(root, name), DATED, DATED)
      utimesSync(join(root, 'big.bin'), 784_111_777, 784_111_777)
      const routes = (app: FastifyInstance): void => {
        if (hooked) app.addHook('onSend', async (_request, _reply, payload) => payload)
        app.route<{ Params: { '*': string } }>({
          method: ['GET', 'POST'],
          url: '/*',
          handler: (request, reply) => reply.sendRange(request.params['*']),
        })
      }
      const first = new Map<string, object>()
      for (const transport of TRANSPORTS) {
        await t.test(transport.name, async (t) => {
          const plugin = { root, etag: () => 'v1' }
          const { port, errors } = await serve(t, { plugin, server: transport.server, routes })
          for (const { name, status, fields = {}, body, ...ask } of ROWS) {
            const answer = await transport.ask(port, ask)
            t.equal(answer.status, status, name)
            for (const [field, value] of Object.entries(fields))
              t.equal(answer.headers[field], value, `${name}: ${field}`)
            if (body instanceof RegExp) t.match(answer.body.toString('latin1'), body, name)
            else if (body !== undefined) sameBytes(t, answer.body, body, `${name}: body`)
            const length = answer.headers['content-length']
            if (ask.method !== 'HEAD' && length !== undefined)
              t.equal(answer.body.length, Number(length), name)
            const known = first.get(name)
            if (known === undefined) first.set(name, comparable(answer))
            else t.strictSame(comparable(answer), known, `${name}: as over HTTP/1.1`)
          }
          t.strictSame(errors(), [])
        })
      }
    },
  )
}
