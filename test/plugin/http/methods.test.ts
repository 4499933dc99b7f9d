import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { MODIFIED, serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field } from '../support/raw-http.ts'

const CONTENT = numberedLines(100)
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT'
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

t.test('a handler of every method may answer with a file', async (t) => {
  const server = await serveFiles(t, {
    files: { 'a.txt': CONTENT },
    routes(app) {
      app.route({
        method: [...METHODS],
        url: '/files/*',
        handler: (_request, reply) => reply.sendRange('a.txt'),
      })
    },
  })
  const etag = String(field(await server.ask({ target: '/files/a.txt' }), 'etag'))
  const rows = [
    { name: 'without conditions', fields: [], want: 200 },
    { name: 'with a range', fields: [['range', 'bytes=0-4']], want: 200 },
    { name: 'with an unsatisfiable range', fields: [['range', 'bytes=100-']], want: 200 },
    { name: 'with If-Match true', fields: [['if-match', etag]], want: 200 },
    { name: 'with If-Match false', fields: [['if-match', '"other"']], want: 412 },
    { name: 'with If-None-Match false', fields: [['if-none-match', etag]], want: 412 },
    { name: 'with If-None-Match *', fields: [['if-none-match', '*']], want: 412 },
    { name: 'with If-Unmodified-Since false', fields: [['if-unmodified-since', EARLIER]], want: 412 },
    {
      name: 'with If-Modified-Since false, which is for GET and HEAD',
      fields: [['if-modified-since', MODIFIED]],
      want: 200,
    },
  ] as const
  for (const method of METHODS) {
    for (const { name, fields, want } of rows) {
      const status = method === 'OPTIONS' ? 200 : want
      const body = method === 'POST' || method === 'PUT' ? { body: '"x"' } : {}
      const type = [['content-type', 'application/json']] as const
      const answer = await server.ask({
        method,
        target: '/files/a.txt',
        fields: [...fields, ...('body' in body ? type : [])],
        ...body,
      })
      t.equal(answer.status, status, `${method} ${name}`)
      t.equal(field(answer, 'content-range'), undefined, `${method} ${name}: no Content-Range`)
      if (status === 200) sameBytes(t, answer.body, CONTENT, `${method} ${name}: whole`)
    }
  }
})

t.test('§13.2.1, §14.2 conditions and ranges apply only to what would be a 200', async (t) => {
  const server = await serveFiles(t, {
    files: { 'a.txt': CONTENT },
    routes(app) {
      app.get('/status/:code', (request, reply) =>
        reply.code(Number((request.params as { code: string }).code)).sendRange('a.txt'),
      )
    },
  })
  for (const status of [201, 203, 404, 500, 503]) {
    for (const fields of [
      [['range', 'bytes=0-4']],
      [['if-none-match', '*']],
      [['if-match', '"other"']],
    ] as const) {
      const answer = await server.ask({
        target: `/status/${status}`,
        fields: fields.map(([a, b]) => [a, b] as const),
      })
      t.equal(answer.status, status, `${status} with ${fields[0][0]}`)
      t.equal(field(answer, 'content-range'), undefined)
      sameBytes(t, answer.body, CONTENT)
    }
  }
})
