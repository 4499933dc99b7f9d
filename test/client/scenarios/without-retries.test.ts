// An answer that the same request would get again is reported without retries. Where the next answer may be another one,
// the download tries again.
import t from 'tap'
import { statusName } from '#client/text/status-name.js'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  atFirst,
  head,
  makeContent,
  part,
  resource,
  type Script,
  startHostile,
} from '../support/hostile-server.ts'
import { get } from '../support/run.ts'

const CONTENT = makeContent(200_000)
const A = resource(CONTENT)

/** Writes `text` and closes the connection. */
const raw =
  (text: string): Script =>
  (_, socket) =>
    void socket.end(text)

const answer = (status: string, fields: Readonly<Record<string, string | number>> = {}): Script =>
  raw(`${head(status, { 'content-length': 5, connection: 'close', ...fields })}abcde`)

/** RFC 9110 §15.3.5, §15.4.5: these have no content. */
const empty = (status: string, fields: Readonly<Record<string, string>> = {}): Script =>
  raw(head(status, { connection: 'close', ...fields }))

interface Refusal {
  name: string
  script: Script
  code: string
  message: RegExp | string
}

const protocol = (name: string, script: Script, message: RegExp | string): Refusal => ({
  name,
  script,
  code: 'ERR_DOWNLOAD_PROTOCOL',
  message,
})

const DETERMINISTIC: Refusal[] = [
  ...['201 Created', '207 Multi-Status', '208 Reported', '226 IM Used', '299 Odd'].map((status) =>
    protocol(status, answer(status), `answered ${statusName(Number.parseInt(status, 10))} to a GET`),
  ),
  ...['204 No Content', '205 Reset Content', '304 Not Modified'].map((status) =>
    protocol(status, empty(status), `answered ${statusName(Number.parseInt(status, 10))} to a GET`),
  ),
  ...['300 Choices', '305 Use Proxy', '306 Unused', '399 Odd'].map((status) =>
    protocol(status, answer(status), `answered ${statusName(Number.parseInt(status, 10))} to a GET`),
  ),
  ...['301 Moved', '302 Found', '303 Other', '307 Temporary', '308 Permanent'].map((status) =>
    protocol(
      `${status} without Location`,
      answer(status),
      /redirects from .* to a URL that cannot be fetched/,
    ),
  ),
  protocol(
    '302 to another scheme',
    answer('302 Found', { location: 'ftp://127.0.0.1/x' }),
    /cannot be fetched/,
  ),
  protocol(
    '206 without Content-Range',
    answer('206 Partial Content'),
    /206 Partial Content although no range was requested/,
  ),
  protocol(
    '206 with a Content-Range that has no bytes',
    answer('206 Partial Content', { 'content-range': 'bytes */5' }),
    /206 Partial Content although no range was requested/,
  ),
  protocol(
    '416 with and without Range',
    answer('416 No'),
    /416 Range Not Satisfiable although no range was requested/,
  ),
  protocol('a coding', answer('200 OK', { 'content-encoding': 'gzip' }), /Content-Encoding gzip/),
  protocol('an HTML page', answer('200 OK', { 'content-type': 'text/html' }), /HTML page/),
  protocol(
    'a multipart envelope with 200',
    answer('200 OK', { 'content-type': 'multipart/byteranges; boundary=x' }),
    /multipart\/byteranges with status 200 OK, /,
  ),
  protocol(
    'a transfer coding',
    raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n'),
    /transfer coding gzip/,
  ),
  protocol(
    'two lengths',
    raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 10\r\n\r\n0123456789'),
    /not HTTP/,
  ),
  protocol(
    'a length and chunks',
    raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    /not HTTP/,
  ),
  protocol('a negative length', raw('HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde'), /not HTTP/),
  protocol(
    'a head that is too long',
    raw(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}\r\n\r\n`),
    /not HTTP/,
  ),
  protocol('101', raw(head('101 Switching Protocols', { upgrade: 'x', connection: 'upgrade' })), /protocols/),
  // A server may treat the Range as an error.
  ...[400, 401, 402, 403, 404, 405, 407, 410, 421, 451, 499, 501, 505, 506, 508, 510, 511].map(
    (status): Refusal => ({
      name: String(status),
      script: answer(`${status} No`),
      code: 'ERR_DOWNLOAD_HTTP',
      message: `the server answered ${statusName(status)}`,
    }),
  ),
]

for (const { name, script, code, message } of DETERMINISTIC) {
  t.test(`an answer that would come again is reported without retries (${name})`, async (t) => {
    const server = await startHostile(script)
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 5 })
    t.equal(end.code, code, end.message)
    t.match(end.message, message)
    t.notMatch(end.message, /gave up/)
    const ranges = server.requests.map(({ headers }) => headers.has('range'))
    t.strictSame(ranges, [true, false], 'once with a Range and once without')
    t.equal(end.file, null)
  })
}

/** First answers, after which the next one may be the file. */
const PASSING: { name: string; script: Script }[] = [
  ...[202, 408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 522, 529, 599].map((status) => ({
    name: String(status),
    script: answer(`${status} Later`),
  })),
  { name: '202 with Retry-After', script: answer('202 Accepted', { 'retry-after': '0' }) },
  { name: 'a torn head', script: raw('HTTP/1.1 200 OK\r\nContent-Le') },
  {
    name: 'a torn body',
    script: raw(
      `${part({ start: 0, end: CONTENT.length }, CONTENT.length, A.fields)}${CONTENT.subarray(0, 9)}`,
    ),
  },
  { name: 'no answer', script: raw('') },
  { name: 'bytes that are not HTTP', script: raw('220 mail ready\r\n') },
]

for (const { name, script } of PASSING) {
  t.test(`after an answer that may not come again the download tries again (${name})`, async (t) => {
    const server = await startHostile(atFirst(2, script, A))
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 3 })
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, CONTENT, 'the file is exact')
  })
}

t.test('after 202 to every request the error says that the file is not ready', async (t) => {
  const server = await startHostile(answer('202 Accepted'))
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 1 })
  t.equal(end.code, 'ERR_DOWNLOAD_HTTP')
  t.match(end.message, /gave up after 2 attempts: the server answered 202 Accepted: the file is not ready/)
})

t.test('after a part of the file has come, any of these answers is retried', async (t) => {
  for (const status of ['201 Created', '203 Transformed', '304 Not Modified']) {
    const odd: Script = (request, socket) =>
      request.index === 1 ? empty(status)(request, socket) : answerHonestly(A, request, socket)
    const server = await startHostile(odd)
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), {
      retries: 3,
      segmentSize: 50_000,
      connections: 1,
    })
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, CONTENT, status)
  }
})
