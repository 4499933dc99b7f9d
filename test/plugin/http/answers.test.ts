import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { MODIFIED, type Server, serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field, fieldNames, type RawRequest, type RawResponse } from '../support/raw-http.ts'
import { parseMultipart } from '../support/strict-multipart.ts'

const CONTENT = numberedLines(100)
/** So long that an answer of several parts is shorter. */
const LONG = numberedLines(1000)
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT'

/** Fields that Node adds to every answer of a connection that stays open. */
const ALWAYS = ['connection', 'date', 'keep-alive']
const WHOLE = [...ALWAYS, 'accept-ranges', 'content-length', 'content-type', 'etag', 'last-modified'].sort()
const PART = [...WHOLE, 'content-range'].sort()
const NOT_MODIFIED = [...ALWAYS, 'etag'].sort()
const ERROR = [...ALWAYS, 'content-length', 'content-type'].sort()
const UNSATISFIABLE = [...ERROR, 'accept-ranges', 'content-range'].sort()

interface Want {
  readonly status: number
  readonly names: readonly string[]
  readonly fields?: Readonly<Record<string, string | RegExp>>
  readonly body?: Buffer
}

interface Row {
  readonly name: string
  readonly target?: string
  readonly fields?: NonNullable<RawRequest['fields']>
  readonly get: Want
  /** Left out where HEAD has the fields of GET (§9.3.2). */
  readonly head?: Want
}

const whole: Want = {
  status: 200,
  names: WHOLE,
  fields: { 'content-length': '100', 'content-type': 'text/plain; charset=utf-8', 'accept-ranges': 'bytes' },
  body: CONTENT,
}

const empty: Want = {
  status: 200,
  names: WHOLE,
  fields: { 'content-length': '0', 'accept-ranges': 'bytes' },
  body: Buffer.alloc(0),
}

function part(first: number, last: number): Want {
  const length = String(last - first + 1)
  return {
    status: 206,
    names: PART,
    fields: {
      'content-range': `bytes ${first}-${last}/100`,
      'content-length': length,
      'content-type': 'text/plain; charset=utf-8',
      'accept-ranges': 'bytes',
    },
    body: CONTENT.subarray(first, last + 1),
  }
}

const notModified: Want = { status: 304, names: NOT_MODIFIED, body: Buffer.alloc(0) }
const failed: Want = { status: 412, names: ERROR, fields: { 'content-type': /^application\/json/ } }

function unsatisfiable(size: number): Want {
  return {
    status: 416,
    names: UNSATISFIABLE,
    fields: {
      'content-range': `bytes */${size}`,
      'accept-ranges': 'bytes',
      'content-type': /^application\/json/,
    },
  }
}

/** The rows need the tag. */
function rows(etag: string): Row[] {
  return [
    { name: 'no condition, no range', get: whole },
    { name: 'one range', fields: [['range', 'bytes=10-19']], get: part(10, 19), head: whole },
    { name: 'the first byte', fields: [['range', 'bytes=0-0']], get: part(0, 0), head: whole },
    { name: 'open-ended', fields: [['range', 'bytes=95-']], get: part(95, 99), head: whole },
    { name: 'suffix', fields: [['range', 'bytes=-7']], get: part(93, 99), head: whole },
    { name: 'suffix longer than the file', fields: [['range', 'bytes=-500']], get: part(0, 99), head: whole },
    { name: 'last-pos beyond the end', fields: [['range', 'bytes=90-500']], get: part(90, 99), head: whole },
    { name: 'the whole as a range', fields: [['range', 'bytes=0-']], get: part(0, 99), head: whole },
    { name: 'unit in upper case', fields: [['Range', 'BYTES=0-1']], get: part(0, 1), head: whole },
    { name: 'several, one satisfiable', fields: [['range', 'bytes=0-1,200-']], get: part(0, 1), head: whole },
    { name: 'several, joined to one', fields: [['range', 'bytes=0-9,5-19']], get: part(0, 19), head: whole },
    { name: 'malformed', fields: [['range', 'bytes=9-0']], get: whole },
    { name: 'an empty Range', fields: [['range', '']], get: whole },
    { name: 'unknown unit', fields: [['range', 'lines=0-1']], get: whole },
    { name: 'as much as the whole in several', fields: [['range', 'bytes=0-60,40-99']], get: whole },
    { name: 'unsatisfiable', fields: [['range', 'bytes=100-']], get: unsatisfiable(100), head: whole },
    { name: 'suffix of zero', fields: [['range', 'bytes=-0']], get: unsatisfiable(100), head: whole },
    { name: 'If-None-Match false', fields: [['if-none-match', etag]], get: notModified },
    { name: 'If-None-Match *', fields: [['if-none-match', '*']], get: notModified },
    { name: 'If-None-Match true', fields: [['if-none-match', '"other"']], get: whole },
    { name: 'If-Modified-Since false', fields: [['if-modified-since', MODIFIED]], get: notModified },
    { name: 'If-Modified-Since true', fields: [['if-modified-since', EARLIER]], get: whole },
    { name: 'If-Match true', fields: [['if-match', etag]], get: whole },
    { name: 'If-Match false', fields: [['if-match', '"other"']], get: failed },
    { name: 'If-Match with our tag marked as weak', fields: [['if-match', `W/${etag}`]], get: failed },
    { name: 'If-Unmodified-Since true', fields: [['if-unmodified-since', MODIFIED]], get: whole },
    { name: 'If-Unmodified-Since false', fields: [['if-unmodified-since', EARLIER]], get: failed },
    {
      name: 'If-Match false, with a range',
      fields: [
        ['if-match', '"other"'],
        ['range', 'bytes=0-1'],
      ],
      get: failed,
    },
    {
      name: 'If-None-Match false, with a range',
      fields: [
        ['if-none-match', etag],
        ['range', 'bytes=0-1'],
      ],
      get: notModified,
    },
    {
      name: 'If-None-Match false, with a range that is unsatisfiable',
      fields: [
        ['if-none-match', etag],
        ['range', 'bytes=500-'],
      ],
      get: notModified,
    },
    {
      name: 'If-Range true',
      fields: [
        ['if-range', etag],
        ['range', 'bytes=0-1'],
      ],
      get: part(0, 1),
      head: whole,
    },
    {
      name: 'If-Range true by date',
      fields: [
        ['if-range', MODIFIED],
        ['range', 'bytes=0-1'],
      ],
      get: part(0, 1),
      head: whole,
    },
    {
      name: 'If-Range false',
      fields: [
        ['if-range', '"other"'],
        ['range', 'bytes=0-1'],
      ],
      get: whole,
    },
    {
      name: 'If-Range false by a later date',
      fields: [
        ['if-range', 'Mon, 07 Nov 1994 08:49:37 GMT'],
        ['range', 'bytes=0-1'],
      ],
      get: whole,
    },
    {
      name: 'If-Range with our tag marked as weak',
      fields: [
        ['if-range', `W/${etag}`],
        ['range', 'bytes=0-1'],
      ],
      get: whole,
    },
    {
      name: 'If-Range with a list',
      fields: [
        ['if-range', `"other", ${etag}`],
        ['range', 'bytes=0-1'],
      ],
      get: whole,
    },
    {
      name: 'If-Range false, unsatisfiable',
      fields: [
        ['if-range', '"other"'],
        ['range', 'bytes=100-'],
      ],
      get: whole,
    },
    {
      name: 'If-Range true, unsatisfiable',
      fields: [
        ['if-range', etag],
        ['range', 'bytes=100-'],
      ],
      get: unsatisfiable(100),
      head: whole,
    },
    { name: 'If-Range without Range', fields: [['if-range', '"other"']], get: whole },
    { name: 'the empty file', target: 'empty.txt', get: empty },
    {
      name: 'the empty file, from its start',
      target: 'empty.txt',
      fields: [['range', 'bytes=0-']],
      get: unsatisfiable(0),
      head: empty,
    },
    { name: 'the empty file, a suffix', target: 'empty.txt', fields: [['range', 'bytes=-5']], get: empty },
    { name: 'the empty file, malformed', target: 'empty.txt', fields: [['range', 'bytes=5']], get: empty },
    { name: 'no such file', target: 'missing.txt', get: { status: 404, names: ERROR } },
    {
      name: 'no such file, with a range',
      target: 'missing.txt',
      fields: [['range', 'bytes=0-1']],
      get: { status: 404, names: ERROR },
    },
    {
      name: 'no such file, If-Match *',
      target: 'missing.txt',
      fields: [['if-match', '*']],
      get: { status: 404, names: ERROR },
    },
    {
      name: 'no such file, If-None-Match *',
      target: 'missing.txt',
      fields: [['if-none-match', '*']],
      get: { status: 404, names: ERROR },
    },
    { name: 'a dotfile', target: '.a', get: { status: 404, names: ERROR } },
  ]
}

t.test('an answer has the status, exactly the fields and the body of its case', async (t) => {
  const server = await serveFiles(t, {
    files: { 'a.txt': CONTENT, 'empty.txt': '' },
    routes(app) {
      app.head<{ Params: { '*': string } }>('/explicit/*', (request, reply) =>
        reply.sendRange(request.params['*']),
      )
      app.get<{ Params: { '*': string } }>('/explicit/*', (request, reply) =>
        reply.sendRange(request.params['*']),
      )
    },
  })
  const etag = await tagOf(server, 'a.txt')
  t.match(etag, /^"[^"]+"$/, 'the tag is strong')
  for (const { name, target = 'a.txt', fields = [], get, head = get } of rows(etag)) {
    for (const route of ['/files', '/explicit']) {
      const request = { target: `${route}/${target}`, fields }
      check(t, `GET ${route}: ${name}`, await server.ask(request), get)
      const answer = await server.ask({ ...request, method: 'HEAD' })
      check(t, `HEAD ${route}: ${name}`, answer, { ...head, body: Buffer.alloc(0) })
    }
  }
})

t.test('a 206 of several parts has their exact bytes and fields', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': LONG } })
  const sets = [
    {
      value: 'bytes=0-9,20-29',
      want: [
        [0, 9],
        [20, 29],
      ],
    },
    {
      value: 'bytes=-5, 0-4 ,\t50-54',
      want: [
        [995, 999],
        [0, 4],
        [50, 54],
      ],
    },
    {
      value: 'bytes=990-,0-0,1000-,20-29',
      want: [
        [990, 999],
        [0, 0],
        [20, 29],
      ],
    },
  ]
  for (const { value, want } of sets) {
    const answer = await server.ask({ target: '/files/a.txt', fields: [['range', value]] })
    t.equal(answer.status, 206, value)
    t.strictSame(
      fieldNames(answer),
      WHOLE,
      '§15.3.7.2: "MUST NOT generate a Content-Range header field" here',
    )
    const parts = parseMultipart(String(field(answer, 'content-type')), answer.body)
    t.strictSame(
      parts.map(({ first, last }) => [first, last]),
      want,
    )
    for (const { first, last, total, bytes, fields } of parts) {
      t.equal(total, 1000)
      sameBytes(t, bytes, LONG.subarray(first, last + 1))
      t.strictSame(fields[0], ['content-type', 'text/plain; charset=utf-8'])
    }
  }
})

t.test('§15.3.7 a 206 has the fields of a 200, and §15.4.5 a 304 has some of them', async (t) => {
  const server = await serveFiles(t, {
    files: { 'a.txt': LONG },
    plugin: {
      cacheControl: 'public, max-age=60',
      download: true,
      headers: {
        Vary: 'accept-encoding',
        Expires: MODIFIED,
        'Content-Location': '/a',
        'Content-Language': 'en',
        'X-Own': '1',
      },
    },
  })
  const cached = {
    'cache-control': 'public, max-age=60',
    vary: 'accept-encoding',
    expires: MODIFIED,
    'content-location': '/a',
  }
  const rest = {
    'content-disposition': 'attachment; filename=a.txt',
    'content-language': 'en',
    'x-own': '1',
    'last-modified': MODIFIED,
    'accept-ranges': 'bytes',
  }
  const answers = {
    whole: await server.ask({ target: '/files/a.txt' }),
    head: await server.ask({ target: '/files/a.txt', method: 'HEAD' }),
    part: await server.ask({ target: '/files/a.txt', fields: [['range', 'bytes=0-1']] }),
    parts: await server.ask({ target: '/files/a.txt', fields: [['range', 'bytes=0-1,5-6']] }),
  }
  const etag = String(field(answers.whole, 'etag'))
  for (const [name, answer] of Object.entries(answers)) {
    for (const [key, value] of Object.entries({ ...cached, ...rest, etag }))
      t.equal(field(answer, key), value, `${name}: ${key}`)
  }
  const notModified = await server.ask({ target: '/files/a.txt', fields: [['if-none-match', etag]] })
  for (const [key, value] of Object.entries({ ...cached, etag }))
    t.equal(field(notModified, key), value, `304: ${key}`)
  for (const key of Object.keys(rest)) t.equal(field(notModified, key), undefined, `304: no ${key}`)
  for (const fields of [[['range', 'bytes=1000-']], [['if-match', '"other"']]] as const) {
    const error = await server.ask({
      target: '/files/a.txt',
      fields: fields.map(([name, value]) => [name, value] as const),
    })
    for (const key of [
      ...Object.keys(cached),
      'etag',
      'content-disposition',
      'content-language',
      'last-modified',
    ]) {
      t.equal(field(error, key), undefined, `${error.status}: no ${key}`)
    }
  }
})

t.test('a Cache-Control of the headers option is on the 304 too', async (t) => {
  const server = await serveFiles(t, {
    files: { 'a.txt': CONTENT },
    plugin: { headers: { 'Cache-Control': 'no-cache' } },
  })
  const fields = [['if-none-match', await tagOf(server, 'a.txt')]] as const
  const answer = await server.ask({ target: '/files/a.txt', fields })
  t.equal(answer.status, 304)
  t.equal(field(answer, 'cache-control'), 'no-cache')
})

t.test('§15.4.5 the tag of a 304 is that of "a 200 (OK) response to the same request"', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT } })
  const etag = await tagOf(server, 'a.txt')
  const rows = [
    { name: 'named by it', fields: [['if-none-match', etag]], want: etag },
    { name: 'named by its weak form', fields: [['if-none-match', `W/${etag}`]], want: etag },
    { name: 'by "*"', fields: [['if-none-match', '*']], want: etag },
    { name: 'by the date', fields: [['if-modified-since', MODIFIED]], want: etag },
    {
      name: 'named by the weak form, which a compressed 200 has',
      fields: [
        ['if-none-match', `W/${etag}`],
        ['accept-encoding', 'gzip'],
      ],
      want: `W/${etag}`,
    },
    {
      name: 'named by it where a 200 may be compressed',
      fields: [
        ['if-none-match', etag],
        ['accept-encoding', 'gzip'],
      ],
      want: etag,
    },
  ] as const
  for (const { name, fields, want } of rows) {
    const answer = await server.ask({ target: '/files/a.txt', fields })
    t.equal(answer.status, 304, name)
    t.equal(field(answer, 'etag'), want, name)
  }
})

t.test('§8.8.2.1 a server "MUST NOT generate a Last-Modified date that is later than" Date', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT } })
  const later = Math.floor(Date.now() / 1000) + 3600
  await utimes(join(server.root, 'a.txt'), later, later)
  const answer = await server.ask({ target: '/files/a.txt' })
  t.equal(field(answer, 'last-modified'), undefined)
  const fields = [
    ['range', 'bytes=0-4'],
    ['if-range', String(field(answer, 'date'))],
  ] as const
  t.equal(
    (await server.ask({ target: '/files/a.txt', fields })).status,
    200,
    'such a date is no strong validator',
  )
})

t.test('§15.4.5 a 304 without a tag has the date', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT }, plugin: { etag: false } })
  const answer = await server.ask({ target: '/files/a.txt', fields: [['if-modified-since', MODIFIED]] })
  t.equal(answer.status, 304)
  t.strictSame(fieldNames(answer), [...ALWAYS, 'last-modified'].sort())
})

t.test('Range is ignored with acceptRanges none', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT }, plugin: { acceptRanges: 'none' } })
  for (const value of ['bytes=0-1', 'bytes=0-1,5-6', 'bytes=100-']) {
    const answer = await server.ask({ target: '/files/a.txt', fields: [['range', value]] })
    check(t, value, answer, { ...whole, fields: { 'accept-ranges': 'none', 'content-length': '100' } })
  }
})

function check(t: Test, name: string, answer: RawResponse, want: Want): void {
  t.equal(answer.status, want.status, name)
  t.strictSame(fieldNames(answer), want.names, `${name}: fields`)
  for (const [key, value] of Object.entries(want.fields ?? {}))
    t.match(field(answer, key), value, `${name}: ${key}`)
  if (want.body !== undefined) sameBytes(t, answer.body, want.body, `${name}: body`)
}

async function tagOf(server: Server, name: string): Promise<string> {
  return String(field(await server.ask({ target: `/files/${name}` }), 'etag'))
}
