// Connections that are refused, reset, stalled, redirected or slowed down.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  atFirst,
  head,
  honest,
  makeContent,
  part,
  resource,
  type Script,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { get } from '../support/run.ts'
import { outcomeOf, play, type Scenario } from '../support/scenario.ts'

const CONTENT = makeContent(300_000)
const A = resource(CONTENT)
const SIZE = CONTENT.length

/** Sends `bytes` of the answer, then does `then`. */
const partly =
  (bytes: number, then: 'reset' | 'close' | 'silence'): Script =>
  async (request, socket) => {
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    socket.write(part({ start, end }, SIZE, A.fields))
    socket.write(CONTENT.subarray(start, Math.min(end, start + bytes)))
    if (end - start <= bytes || then === 'silence') return
    await sleep(200) // unread bytes may be lost when a connection ends, and a busy machine reads late
    if (then === 'reset') socket.resetAndDestroy()
    else socket.end()
  }

const unavailable =
  (status: string, fields: Readonly<Record<string, string>>): Script =>
  (_, socket) =>
    void socket.write(head(status, { 'content-length': 0, ...fields }))

const rows: Scenario[] = [
  {
    name: 'a reset in every answer, after some progress',
    script: partly(70_000, 'reset'),
    options: { retries: 1 },
    want: CONTENT,
  },
  {
    name: 'an early close in every answer',
    script: partly(70_000, 'close'),
    options: { retries: 1 },
    want: CONTENT,
  },
  {
    name: 'silence in every answer',
    script: partly(70_000, 'silence'),
    options: { retries: 1, stallTimeout: 100 },
    want: CONTENT,
  },
  {
    name: 'no byte of any body',
    script: partly(0, 'reset'),
    options: { retries: 3, connections: 1 },
    want: 'ERR_DOWNLOAD_NETWORK',
    also: (t, end, server) => {
      t.equal(server.requests.length, 4, 'as often as the options say')
      t.match(end.message, /gave up after 4 attempts/)
    },
  },
  {
    name: 'a head that never comes',
    script: () => undefined,
    options: { retries: 1, stallTimeout: 100 },
    want: 'ERR_DOWNLOAD_NETWORK',
  },
  ...[500, 502, 503, 504, 408, 429].map(
    (status): Scenario => ({
      name: `${status} twice`,
      script: atFirst(2, unavailable(`${status} No`, {}), A),
      want: CONTENT,
    }),
  ),
  {
    name: '503 with a Retry-After in seconds, longer than the longest wait',
    script: atFirst(1, unavailable('503 No', { 'retry-after': '86400' }), A),
    want: 'ERR_DOWNLOAD_HTTP',
    also: (t, end, server) => {
      t.equal(server.requests.length, 1, 'a server that says when to ask again is not asked earlier')
      t.match(end.message, /asks to wait for 1 d;.*--max-retry-delay/)
    },
  },
  {
    name: '503 with a date far in the future as Retry-After',
    script: atFirst(1, unavailable('503 No', { 'retry-after': 'Fri, 01 Jan 2038 00:00:00 GMT' }), A),
    want: 'ERR_DOWNLOAD_HTTP',
    also: (t, end) => t.match(end.message, /asks to wait for \d+ d/),
  },
  {
    name: '503 with an invalid Retry-After',
    script: atFirst(1, unavailable('503 No', { 'retry-after': 'soon' }), A),
    want: CONTENT,
  },
  {
    name: '503 for ever',
    script: unavailable('503 No', {}),
    options: { retries: 2 },
    want: 'ERR_DOWNLOAD_HTTP',
    also: (t, _, server) => t.equal(server.requests.length, 3),
  },
  {
    name: '404, with a Range and without',
    script: unavailable('404 Not Found', {}),
    want: 'ERR_DOWNLOAD_HTTP',
    also: (t, _, server) => t.equal(server.requests.length, 2, 'it is not asked for more often'),
  },
  {
    name: 'a redirect in a circle',
    script: unavailable('302 Found', { location: '/file.bin' }),
    options: { maxRedirects: 5 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
    also: (t, _, server) => t.equal(server.requests.length, 12),
  },
  {
    name: 'a redirect to another scheme',
    script: unavailable('302 Found', { location: 'file:///etc/passwd' }),
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a redirect without Location',
    script: unavailable('302 Found', {}),
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
]

for (const row of rows)
  t.test(`${outcomeOf(row.want)} (${row.name})`, (t) =>
    play(t, row, { connections: 2, segmentSize: 150_000 }),
  )

t.test('a download finishes after its server has restarted', async (t) => {
  const first = await startHostile(partly(100_000, 'silence'))
  const port = Number(new URL(first.url).port)
  const dir = t.testdir({})
  const run = get(`${first.url}/file.bin`, dir, {
    retries: 20,
    retryDelay: 100,
    connections: 3,
    segmentSize: 120_000,
  })
  await sleep(200)
  await first.stop()
  await sleep(300)
  const second = await startHostile(honest(A), port)
  t.teardown(() => second.stop())
  const end = await run
  sameBytes(t, end.file, CONTENT, end.message)
})

t.test('a download from an unknown host ends with ERR_DOWNLOAD_NETWORK', async (t) => {
  const end = await get('http://nothing.invalid/file.bin', t.testdir({}), { retries: 1 })
  t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
  t.match(end.message, /host name/)
})

t.test('a redirect to another origin does not pass on credentials', async (t) => {
  const target = await startHostile(honest(A))
  t.teardown(() => target.stop())
  const origin = await startHostile((request, socket) => {
    const location = request.path === '/file.bin' ? '/next' : `${target.url}/away`
    socket.write(head('307 Temporary Redirect', { location, 'content-length': 0 }))
  })
  t.teardown(() => origin.stop())
  const headers = { cookie: 'a=b', 'x-api-key': 'secret', accept: 'application/octet-stream' }
  const url = `${origin.url.replace('http://', 'http://user:pass@')}/file.bin`
  const end = await get(url, t.testdir({}), { headers, segmentSize: 100_000, connections: 1 })
  sameBytes(t, end.file, CONTENT, end.message)
  for (const request of origin.requests) {
    t.equal(request.headers.get('authorization'), `Basic ${Buffer.from('user:pass').toString('base64')}`)
    t.equal(request.headers.get('x-api-key'), 'secret')
  }
  t.equal(target.requests.length, 3)
  for (const request of target.requests) {
    for (const name of ['authorization', 'cookie', 'x-api-key']) t.notOk(request.headers.has(name), name)
    t.equal(request.headers.get('accept'), 'application/octet-stream')
  }
  t.equal(origin.requests.length, 2, 'the target of the redirect is remembered')
})

for (const status of ['400 Bad Request', '401 Unauthorized', '403 Forbidden', '410 Gone'])
  t.test(`a signed link that answers ${status} by now is renewed with the old one as the key`, async (t) => {
    const script: Script = (request, socket) => {
      if (request.path === '/file.bin?new') return answerHonestly(A, request, socket)
      if (request.index === 0) return answerHonestly(A, request, socket)
      socket.write(head(status, { 'content-length': 0 }))
    }
    const server = await startHostile(script)
    t.teardown(() => server.stop())
    const old = `${server.url}/file.bin?old`
    const options = { connections: 1, segmentSize: 100_000, retries: 0 }
    const dir = t.testdir({})
    const first = await get(old, dir, options)
    t.equal(first.code, 'ERR_DOWNLOAD_HTTP')
    t.match(first.message, /\. What was received is kept\. If the link has expired, .*\(--resume-key\)$/)
    const next = await get(`${server.url}/file.bin?new`, dir, { ...options, resumeKey: old })
    sameBytes(t, next.file, CONTENT)
    t.equal(next.result?.resumed, 100_000)
  })

t.test('an error of the server before the first byte says nothing about what is kept', async (t) => {
  const server = await startHostile(
    (_, socket) => void socket.write(head('403 Forbidden', { 'content-length': 0 })),
  )
  t.teardown(() => server.stop())
  const { message } = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0 })
  t.equal(message, 'the server answered 403 Forbidden')
})

t.test('a signed target that has expired is renewed through the original URL', async (t) => {
  let signature = 0
  let uses = 0
  const server = await startHostile((request, socket) => {
    if (request.path === '/file.bin') {
      signature++
      uses = 0
      socket.write(head('302 Found', { location: `/signed?n=${signature}`, 'content-length': 0 }))
    } else if (request.path === `/signed?n=${signature}` && uses++ < 2) {
      answerHonestly(A, request, socket)
    } else {
      socket.write(head('403 Forbidden', { 'content-length': 0 }))
    }
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), {
    segmentSize: 50_000,
    connections: 1,
    retries: 0,
  })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(signature, 3)
})

t.test('a request through a proxy has the absolute form of the URL', async (t) => {
  const proxy = await startHostile(honest(A))
  t.teardown(() => proxy.stop())
  const end = await get('http://files.invalid/file.bin?x=1', t.testdir({}), {
    proxy: proxy.url.replace('//', '//me:pw@'),
  })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(proxy.requests[0]?.path, 'http://files.invalid/file.bin?x=1')
  t.equal(proxy.requests[0]?.headers.get('host'), 'files.invalid')
  t.equal(
    proxy.requests[0]?.headers.get('proxy-authorization'),
    `Basic ${Buffer.from('me:pw').toString('base64')}`,
  )
})

t.test('a download with limitRate gets the exact file', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), {
    limitRate: 1_000_000,
    segmentSize: 100_000,
  })
  sameBytes(t, end.file, CONTENT, end.message)
})
