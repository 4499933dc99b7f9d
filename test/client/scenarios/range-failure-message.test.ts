// A server that fails at ranges. The message says so, and not only what the server answered without a range.
import t from 'tap'
import { head, makeContent, type Script, startHostile } from '../support/hostile-server.ts'
import { get } from '../support/run.ts'

const BODY = makeContent(1000)

function answer(status: string, fields: Readonly<Record<string, string | number>>): Script {
  return (_, socket) => {
    socket.write(head(status, { 'content-length': BODY.length, ...fields }))
    socket.write(BODY)
  }
}

const TYPE = 'multipart/byteranges; boundary=x'
const rows: readonly (readonly [name: string, script: Script, reason: RegExp])[] = [
  [
    'a multipart',
    answer('206 P', { 'content-type': TYPE }),
    /^the server answered a single range with a multipart/,
  ],
  [
    'no Content-Range',
    answer('206 P', {}),
    /^the server answered 206 Partial Content without a valid Content-Range/,
  ],
  [
    'an unknown range unit',
    answer('206 P', { 'content-range': 'items 0-9/10' }),
    /without a valid Content-Range/,
  ],
  [
    'other bytes',
    answer('206 P', { 'content-range': 'bytes 5-1004/2000' }),
    /^the server answered with bytes from 5/,
  ],
  [
    'another length',
    answer('206 P', { 'content-range': 'bytes 0-9/10' }),
    /^the server sent a Content-Length that contradicts/,
  ],
  [
    '416',
    answer('416 No', { 'content-range': 'bytes */1000' }),
    /^the server answered 416 Range Not Satisfiable to a request for bytes from 0/,
  ],
]

for (const [name, script, reason] of rows) {
  t.test(`the error says why ranges failed (${name})`, async (t) => {
    const server = await startHostile(script)
    t.teardown(() => server.stop())
    const { code, message } = await get(`${server.url}/x`, t.testdir({}))
    t.equal(code, 'ERR_DOWNLOAD_PROTOCOL')
    t.match(message, reason)
    t.match(message, /; asked again without a range: the server /)
  })
}

t.test(
  'the error says why ranges failed after the last attempt without a range (503, then 206)',
  async (t) => {
    const server = await startHostile((request, socket) =>
      answer(request.range === null ? '206 P' : '500 No', {})(request, socket),
    )
    t.teardown(() => server.stop())
    const { message } = await get(`${server.url}/x`, t.testdir({}), { retries: 2 })
    t.match(
      message,
      /^the server answered 500 Internal Server Error; asked again without a range: the server answered 206 Partial Content although/,
    )
  },
)

t.test('the error says a reason only once if it stays the same', async (t) => {
  const server = await startHostile(answer('500 No', {}))
  t.teardown(() => server.stop())
  const { message } = await get(`${server.url}/x`, t.testdir({}), { retries: 2 })
  t.equal(message, 'gave up after 3 attempts: the server answered 500 Internal Server Error')
})
