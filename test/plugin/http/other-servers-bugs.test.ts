import t from 'tap'
import { MODIFIED, type Server, serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field } from '../support/raw-http.ts'
import { parseMultipart } from '../support/strict-multipart.ts'

const SIZE = 7877
const CONTENT = numberedLines(SIZE)

/** Status and Content-Range of the answer to a GET of the file. */
async function asked(server: Server, ...fields: (readonly [string, string])[]): Promise<string> {
  const answer = await server.ask({ target: '/files/a.txt', fields })
  if (answer.status === 200 && !answer.body.equals(CONTENT)) throw new Error('a 200 without the whole')
  return `${answer.status} ${field(answer, 'content-range') ?? ''}`.trim()
}

t.test('ranges that make other servers fail are answered rightly', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT } })
  const rows = [
    { value: 'bytes=-8000', want: '206 bytes 0-7876/7877' },
    { value: 'bytes=x-4', want: '200' },
    { value: 'bytes=7877-,', want: '416 bytes */7877' },
    { value: 'bytes=0-9007199254740992', want: '206 bytes 0-7876/7877' },
    { value: 'bytes=5-4', want: '200' },
    { value: 'items=0-4', want: '200' },
    { value: 'none=0-4', want: '200' },
    { value: 'bytes=-0', want: '416 bytes */7877' },
    { value: 'Bytes=0-4', want: '206 bytes 0-4/7877' },
    { value: 'bytes=0-9223372036854775808', want: '206 bytes 0-7876/7877' },
    { value: 'bytes=0-18446744073709551615', want: '206 bytes 0-7876/7877' },
    { value: 'bytes=18446744073709551616-18446744073709551617', want: '416 bytes */7877' },
    { value: 'bytes=18446744073709551620-5', want: '200' },
    { value: 'bytes=,0-4', want: '206 bytes 0-4/7877' },
    { value: 'bytes=0-4,,', want: '206 bytes 0-4/7877' },
    { value: 'bytes=-500', want: '206 bytes 7377-7876/7877' },
    { value: 'bytes=0-0', want: '206 bytes 0-0/7877' },
    { value: 'bytes=0-1', want: '206 bytes 0-1/7877' },
    { value: 'bytes=7877-7878', want: '416 bytes */7877' },
    { value: 'bytes=7876-', want: '206 bytes 7876-7876/7877' },
  ]
  for (const { value, want } of rows) t.equal(await asked(server, ['range', value]), want, value)
})

t.test('conditions that other servers take for true are false', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT } })
  const etag = String(field(await server.ask({ target: '/files/a.txt' }), 'etag'))
  const range = ['range', 'bytes=0-4'] as const
  const rows = [
    {
      name: 'If-Range: our tag as a substring',
      fields: [range, ['if-range', etag.slice(1, -1)]],
      want: '200',
    },
    { name: 'If-Range: a list holding our tag', fields: [range, ['if-range', `"a", ${etag}`]], want: '200' },
    {
      name: 'If-Range: every later date',
      fields: [range, ['if-range', 'Thu, 01 Jan 2026 00:00:00 GMT']],
      want: '200',
    },
    { name: 'If-Range: an ISO date', fields: [range, ['if-range', '1994-11-06T08:49:37Z']], want: '200' },
    { name: 'If-Match: our tag marked as weak', fields: [['if-match', `W/${etag}`]], want: '412' },
    { name: 'If-Modified-Since: a bare year', fields: [['if-modified-since', '2030']], want: '200' },
    {
      name: 'If-Modified-Since: an ISO date',
      fields: [['if-modified-since', '2030-01-01T00:00:00Z']],
      want: '200',
    },
    {
      name: 'If-Modified-Since against If-None-Match',
      fields: [
        ['if-none-match', '"a"'],
        ['if-modified-since', MODIFIED],
      ],
      want: '200',
    },
    {
      name: 'If-Unmodified-Since: an ISO date',
      fields: [['if-unmodified-since', '1990-01-01']],
      want: '200',
    },
    {
      name: 'the second of two If-None-Match lines',
      fields: [
        ['if-none-match', '"a"'],
        ['if-none-match', etag],
      ],
      want: '304',
    },
    { name: 'asctime is UTC', fields: [['if-modified-since', 'Sun Nov  6 08:49:37 1994']], want: '304' },
    {
      name: 'asctime is UTC, to the second',
      fields: [['if-modified-since', 'Sun Nov  6 08:49:36 1994']],
      want: '200',
    },
  ] as const
  for (const { name, fields, want } of rows) t.equal(await asked(server, ...fields), want, name)
})

t.test('a name with reserved or non-ASCII characters is served under its one URL', async (t) => {
  const names = [
    'a b.txt',
    'a%b.txt',
    '%41.txt',
    '%2F.txt',
    '%252F.txt',
    'a#b.txt',
    'a?b.txt',
    'a+b.txt',
    'a&b.txt',
    'a,b.txt',
    'a;b.txt',
    'a@b.txt',
    'a:b.txt',
    'a=b.txt',
    'a$b.txt',
    "a'b.txt",
    'a"b.txt',
    'a<b>.txt',
    'a[1]{2}.txt',
    'a|b^c`d~.txt',
    'a!*().txt',
    'Größe.txt',
    'na\u0308her.txt',
    '☃.txt',
    '日本語.txt',
    '👩‍🚀.txt',
    'tab\there.txt',
    'line\nfeed.txt',
    `${'x'.repeat(251)}.txt`,
    `${'☃'.repeat(80)}.txt`,
  ]
  const files = Object.fromEntries(names.map((name) => [name, `content of ${name}`]))
  const server = await serveFiles(t, { files, plugin: { download: true } })
  for (const name of names) {
    const answer = await server.ask({ target: `/files/${encodeURIComponent(name)}` })
    t.equal(answer.status, 200, JSON.stringify(name))
    t.equal(answer.body.toString(), `content of ${name}`)
  }
  for (const target of ['%E2%98', '%', '%zz', '%FF', '%00', '%ED%A0%80']) {
    const { status } = await server.ask({ target: `/files/${target}` })
    t.ok(status === 400 || status === 404, `${target}: ${status}`)
  }
})

t.test('a second spelling of a path does not reach the file', async (t) => {
  const server = await serveFiles(t, {
    files: { 'a.txt': CONTENT },
    routes(app) {
      app.get('/files/secret/*', (_request, reply) => reply.code(403).send('guarded'))
    },
  })
  const targets = [
    '/files//a.txt',
    '//files/a.txt',
    '/files/./a.txt',
    '/files/x/../a.txt',
    '/files/%2e/a.txt',
  ]
  targets.push(
    '/files/%2Fa.txt',
    '/files/.%2Fa.txt',
    '/files/x%2F..%2Fa.txt',
    '/files/..%2Ffiles%2Fa.txt',
    '/files/%5Ca.txt',
  )
  targets.push(
    '/files/a.txt/',
    '/files/a.txt/.',
    '/files/a.txt%2F',
    '/files/a.txt%5C',
    '/files/\\a.txt',
    '/files/%252e/a.txt',
  )
  for (const target of targets) {
    const { status } = await server.ask({ target })
    t.ok([400, 403, 404].includes(status), `${target}: ${status}`)
  }
  t.equal(
    (await server.ask({ target: '/files/a.txt?//../%2F' })).status,
    200,
    'what is in the query is no path',
  )
  t.equal(
    (await server.ask({ target: 'http://test.invalid/files/a.txt' })).status,
    200,
    'the absolute form is',
  )
})

t.test('an answer says nothing about the server', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT } })
  const requests = [
    { target: '/files/missing.txt' },
    { target: '/files/..a/../x' },
    { target: '/files/%00' },
    { target: `/files/${'x'.repeat(300)}` },
    { target: '/files/a.txt', fields: [['range', 'bytes=99999-']] as const },
    { target: '/files/a.txt', fields: [['if-match', '"a"']] as const },
  ]
  for (const request of requests) {
    const answer = await server.ask(request)
    const text = answer.body.toString() + JSON.stringify(answer.fields)
    t.ok(answer.status >= 400, `${request.target}: ${answer.status}`)
    t.notOk(text.includes(server.root) || text.includes(process.cwd()), 'no path of the server')
    t.notMatch(text, /ENOENT|EACCES|ENAMETOOLONG|at .*\.js/, 'no system error, no stack')
  }
})

t.test('each multipart answer has another boundary', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT } })
  const boundaries = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const answer = await server.ask({ target: '/files/a.txt', fields: [['range', 'bytes=0-4,100-104']] })
    t.equal(parseMultipart(String(field(answer, 'content-type')), answer.body).length, 2)
    boundaries.add(String(field(answer, 'content-type')))
  }
  t.equal(boundaries.size, 20)
})
