import Fastify from 'fastify'
import { type RangeSource, rangePlugin } from 'fastify-send-range'
import t from 'tap'

const VERSIONS = ['first version', 'the second version, which is longer '.repeat(10)]

/** A source whose first version has changed when it was read. */
function changing(): { source: RangeSource; opened: () => number; closed: () => number } {
  let opened = 0
  let closed = 0
  const source: RangeSource = {
    open() {
      const version = opened++
      const bytes = Buffer.from(String(VERSIONS[version]))
      return {
        size: bytes.length,
        etag: `"v${version}"`,
        lastModified: new Date(Date.UTC(2020 + version, 0)),
        async readAt(target, position) {
          return bytes.copy(target, 0, position)
        },
        unchanged: async () => version > 0,
        close() {
          closed++
        },
      }
    },
  }
  return { source, opened: () => opened, closed: () => closed }
}

const second = String(VERSIONS[1])
const rows = [
  { name: 'whole', headers: {}, status: 200, body: second },
  { name: 'one range', headers: { range: 'bytes=0-4' }, status: 206, body: second.slice(0, 5) },
  {
    name: 'a range that only the second has',
    headers: { range: 'bytes=10-' },
    status: 206,
    body: second.slice(10),
  },
  {
    name: 'If-Range of the first',
    headers: { range: 'bytes=0-4', 'if-range': '"v0"' },
    status: 200,
    body: second,
  },
]

for (const { name, headers, status, body } of rows) {
  t.test(`a version that ends while it is read is replaced by the whole next one (${name})`, async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    const { source, opened, closed } = changing()
    await app.register(rangePlugin, { source })
    app.get('/', (_request, reply) => reply.header('x-own', 'kept').sendRange('a'))
    const answer = await app.inject({ url: '/', headers })
    t.equal(answer.statusCode, status)
    t.equal(answer.payload, body)
    t.match(answer.headers, {
      etag: '"v1"',
      'last-modified': 'Fri, 01 Jan 2021 00:00:00 GMT',
      'content-length': String(body.length),
      'x-own': 'kept',
    })
    t.equal(answer.headers['content-range'] === undefined, status === 200)
    t.equal(opened(), 2)
    t.equal(closed(), 2)
  })
}

t.test('every attempt has the fields of the handler', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin, { source: changing().source })
  app.get('/', (_request, reply) => reply.type('text/plain').header('etag', '"own"').sendRange('a'))
  const headers = { range: 'bytes=0-1,5-6', 'if-range': '"own"' }
  const answer = await app.inject({ url: '/', headers })
  t.equal(answer.statusCode, 206)
  t.match(answer.headers['content-type'], /^multipart\/byteranges; boundary=/)
  t.equal(answer.headers['etag'], '"own"')
  t.equal(answer.payload.match(/^Content-Type: text\/plain\r$/gm)?.length, 2, 'the type of the parts is his')
})
