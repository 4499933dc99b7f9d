// Answers to a Range in place of the file. The same request is sent once without Range.
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  type HostileServer,
  head,
  makeContent,
  resource,
  type Script,
  startHostile,
} from '../support/hostile-server.ts'
import { type End, get } from '../support/run.ts'

const CONTENT = makeContent(300_000)
const A = resource(CONTENT)

const answer =
  (status: string | number, fields: Readonly<Record<string, string | number>> = {}, body = ''): Script =>
  (_, socket) => {
    const length = /^(?:1|204|304)/.test(String(status)) ? {} : { 'content-length': body.length }
    socket.write(head(`${status} X`, { ...length, ...fields }))
    socket.write(body)
  }

const HTML = { 'content-type': 'text/html' }
const loop: Script = (request, socket) => answer(302, { location: request.path })(request, socket)
const atLogin: Script = (request, socket) =>
  request.path === '/login'
    ? answer(200, HTML, '<html>')(request, socket)
    : answer(302, { location: '/login' })(request, socket)

const STATUSES = [
  ...[101, 201, 204, 205, 226, 299, 300, 304, 305, 399, 400, 401, 402, 403, 404, 405, 406, 407, 409, 410],
  ...[411, 412, 413, 414, 415, 417, 418, 421, 422, 426, 428, 431, 451, 494, 499, 501, 505, 506, 508, 511],
]

const REFUSALS: readonly (readonly [name: string, script: Script])[] = [
  ...STATUSES.map((status) => [String(status), answer(status)] as const),
  ['an HTML page', answer(200, HTML, '<html>blocked')],
  ['a 206 that is an HTML page', answer(206, { ...HTML, 'content-range': 'bytes 0-4/9' }, '<html')],
  ['a gzip-coded answer', answer(200, { 'content-encoding': 'gzip' }, 'coded')],
  ['a redirect loop', loop],
  ['a redirect without Location', answer(302)],
  ['a redirect to a login page', atLogin],
  [
    'two lengths',
    (_, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'),
  ],
]

async function run(
  t: Test,
  script: Script,
  options: Parameters<typeof get>[2] = {},
): Promise<{ end: End; server: HostileServer; without: number }> {
  const server = await startHostile(script)
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.zip`, t.testdir({}), { retries: 2, ...options })
  const without = server.requests.filter(({ headers }) => !headers.has('range')).length
  return { end, server, without }
}

for (const [name, refusal] of REFUSALS) {
  t.test(`a request that fails is sent once more without Range (${name} to any Range)`, async (t) => {
    const { end, without } = await run(t, (request, socket) =>
      request.headers.has('range') || request.path === '/login'
        ? refusal(request, socket)
        : answerHonestly(A, request, socket),
    )
    sameBytes(t, end.file, CONTENT, end.message)
    t.ok(without <= 2, `${without} requests without Range`)
  })
}

for (const [status, field] of [
  [401, 'www-authenticate'],
  [407, 'proxy-authenticate'],
] as const) {
  t.test(`an answer that asks for credentials is final at once (${status})`, async (t) => {
    const { end, server } = await run(t, answer(status, { [field]: 'Basic realm="x"' }))
    t.equal(end.code, 'ERR_DOWNLOAD_HTTP')
    t.equal(server.requests.length, 1, 'the password is sent once')
  })
}

t.test('the request without Range goes to the target of a redirect that works only once', async (t) => {
  let isSpent = false
  const { end } = await run(t, (request, socket: Socket) => {
    if (request.path === '/file.zip') {
      const fresh = !isSpent
      isSpent = true
      return fresh ? answer(302, { location: '/signed' })(request, socket) : answer(404)(request, socket)
    }
    return request.headers.has('range') ? answer(404)(request, socket) : answerHonestly(A, request, socket)
  })
  sameBytes(t, end.file, CONTENT, end.message)
})

t.test('no request without Range follows an error if ranges have worked', async (t) => {
  const { end, without } = await run(
    t,
    (request, socket) =>
      request.index === 0 ? answerHonestly(A, request, socket) : answer(404)(request, socket),
    { segmentSize: 100_000, connections: 1 },
  )
  t.equal(end.code, 'ERR_DOWNLOAD_HTTP')
  t.equal(without, 0)
})
