// https through a proxy (RFC 9110 §9.3.6). A refused tunnel is an error of the proxy, and each wait has a limit.
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { statusName } from '#client/text/status-name.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { type Ended, rangeGet } from '../support/command.ts'
import { makeContent } from '../support/hostile-server.ts'
import {
  type ProxyRequest,
  type ProxyScript,
  type ScriptedProxy,
  startProxy,
  tunnel,
} from '../support/proxy.ts'
import { type End, get, names, QUICK, readOrNull } from '../support/run.ts'
import { startTlsOrigin } from '../support/tls-origin.ts'

const CONTENT = makeContent(300_000)
const URL_BEHIND = 'https://files.invalid/file.bin'

const answer =
  (head: string): ProxyScript =>
  (_, socket) =>
    socket.write(`HTTP/1.1 ${head}\r\n\r\n`)

interface Refusal {
  name: string
  script: ProxyScript
  options?: DownloadOptions
  /** User and password in the URL of the proxy, if any. */
  credentials?: string
  message: RegExp
  /** How many requests the proxy gets, with one retry. */
  requests: number
}

const page = 'Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'
const REFUSALS: Refusal[] = [
  ...['302 Found\r\nLocation: http://127.0.0.1:1/login', '301 Moved', '307 Moved'].map(
    (head): Refusal => ({
      name: head.split('\r\n')[0] ?? '',
      script: answer(`${head}\r\nContent-Length: 0`),
      message: /^the proxy http:\/\/127\.0\.0\.1:\d+ answered 30[127] /,
      requests: 1,
    }),
  ),
  ...[304, 400, 401, 403, 404, 405, 410, 416, 451, 501].map(
    (status): Refusal => ({
      name: `${status} with a page`,
      script: answer(`${status} No\r\n${page}`),
      message: new RegExp(`^the proxy http://127\\.0\\.0\\.1:\\d+ answered ${statusName(status)}`),
      requests: 1,
    }),
  ),
  ...[408, 429, 500, 502, 503, 504].map(
    (status): Refusal => ({
      name: `${status} with a page, which is retried`,
      script: answer(`${status} No\r\n${page}`),
      message: new RegExp(
        `gave up after 2 attempts: the proxy http://127\\.0\\.0\\.1:\\d+ answered ${statusName(status)}`,
      ),
      requests: 2,
    }),
  ),
  {
    name: '407 without credentials',
    script: answer('407 No\r\nProxy-Authenticate: Basic realm="x"'),
    message:
      /answered 407 Proxy Authentication Required \(it wants a user and password: http:\/\/USER:PASSWORD@127\.0\.0\.1:\d+\)/,
    requests: 1,
  },
  {
    name: '407 with credentials',
    script: answer('407 No\r\nProxy-Authenticate: Basic realm="x"'),
    credentials: 'u5er:pa55word@',
    message:
      /answered 407 Proxy Authentication Required \(it does not accept the user and password in its URL\)/,
    requests: 1,
  },
  {
    name: '407 with other schemes than Basic',
    script: answer('407 No\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM'),
    message:
      /answered 407 Proxy Authentication Required \(it wants credentials in a form that is not supported; only Basic is\)/,
    requests: 1,
  },
  {
    name: '101 Switching',
    script: answer('101 Switching'),
    message: /answered 101 Switching Protocols/,
    requests: 1,
  },
  {
    name: 'a protocol other than HTTP',
    script: (_, socket) => socket.write('SSH-2.0-nonsense\r\n'),
    message: /the proxy .*: its answer is not HTTP/,
    requests: 2,
  },
  {
    name: 'an invalid status',
    script: answer('2xx OK'),
    message: /the proxy .*: its answer is not HTTP/,
    requests: 2,
  },
  {
    name: 'a connection that is closed at once',
    script: (_, socket) => socket.end(),
    message: /the proxy .*: it closed the connection without an answer/,
    requests: 2,
  },
  {
    name: 'a reset in the head',
    script: (_, socket) => socket.write('HTTP/1.1 200 OK\r\nVia', () => socket.resetAndDestroy()),
    message: /the proxy .*: (?:the connection was reset|it closed the connection)/,
    requests: 2,
  },
  {
    name: 'silence',
    script: () => undefined,
    options: { connectTimeout: 150 },
    message: /the proxy .*: no connection within 0\.15 s/,
    requests: 2,
  },
  {
    name: 'half a head',
    script: (_, socket) => socket.write('HTTP/1.1 200 OK\r\nVia: x\r\n'),
    options: { connectTimeout: 150 },
    message: /the proxy .*: no connection within 0\.15 s/,
    requests: 2,
  },
  {
    name: 'a head that arrives byte by byte',
    script: async (_, socket) => {
      for (const byte of 'HTTP/1.1 200 OK\r\nVia: '.padEnd(1000, 'x')) {
        socket.write(byte)
        await sleep(5)
      }
    },
    options: { connectTimeout: 150 },
    message: /the proxy .*: no connection within 0\.15 s/,
    requests: 2,
  },
  {
    name: 'a head without an end',
    script: (_, socket) => flood(socket, 'HTTP/1.1 200 OK\r\n', 'X-More: and more\r\n'),
    message: /the proxy .*: the head of its answer has no end/,
    requests: 2,
  },
  {
    name: 'interim answers without an end',
    script: (_, socket) => flood(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
    message: /the proxy .*: the head of its answer has no end/,
    requests: 2,
  },
  {
    name: 'a tunnel that stays silent',
    script: answer('200 OK'),
    options: { connectTimeout: 150 },
    message: /no connection within 0\.15 s/,
    requests: 2,
  },
]

function flood(socket: Socket, first: string, then: string): void {
  socket.write(first)
  const more = (): void => {
    if (socket.destroyed) return
    if (socket.write(then.repeat(50))) setImmediate(more)
    else socket.once('drain', more)
  }
  more()
}

for (const { name, script, options, credentials = '', message, requests } of REFUSALS) {
  t.test(`no tunnel is an error of the proxy (${name})`, async (t) => {
    const proxy = await startProxy(script)
    t.teardown(() => proxy.stop())
    const dir = t.testdir({})
    const end = await get(URL_BEHIND, dir, {
      proxy: proxy.url.replace('//', `//${credentials}`),
      retries: 1,
      ...options,
    })
    t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
    t.match(end.message, message)
    t.notMatch(end.message, /server answered|u5er|pa55word/)
    t.strictSame(names(dir), [], 'no file is left')
    t.equal(proxy.requests.length, requests)
    for (const request of proxy.requests) t.match(request, { method: 'CONNECT', target: 'files.invalid:443' })
    await closed(proxy)
    t.equal(proxy.open.size, 0, 'its connections are closed')
  })
}

/** Waits until the connections of the proxy are closed, at most one second. */
async function closed(proxy: ScriptedProxy): Promise<void> {
  for (let i = 0; i < 100 && proxy.open.size > 0; i++) await sleep(10)
}

t.test('a proxy that refuses connections is reported by its address', async (t) => {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  for (const url of [URL_BEHIND, 'http://files.invalid/file.bin']) {
    const end = await get(url, t.testdir({}), { proxy: `http://127.0.0.1:${port}`, retries: 1 })
    t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
    t.match(end.message, `the proxy http://127.0.0.1:${port}: the connection was refused (ECONNREFUSED)`)
  }
})

t.test('a proxy whose host name is unknown is reported by its name', async (t) => {
  const end = await get(URL_BEHIND, t.testdir({}), { proxy: 'http://proxy.invalid:1', retries: 0 })
  t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
  t.match(end.message, /^the proxy http:\/\/proxy\.invalid:1: the host name /)
})

for (const [name, script] of [
  ['silence', () => undefined],
  ['half a head', (_: ProxyRequest, socket: Socket) => socket.write('HTTP/1.1 200 O')],
  ['an open tunnel', answer('200 OK')],
] as const) {
  t.test(`an abort ends a wait for the proxy at once (${name})`, async (t) => {
    const firstRequest = deferred()
    const proxy = await startProxy((request, socket) => {
      firstRequest.resolve()
      return script(request, socket)
    })
    t.teardown(() => proxy.stop())
    const stop = new AbortController()
    const dir = t.testdir({})
    const run = download(URL_BEHIND, `${dir}/file.bin`, {
      ...QUICK,
      proxy: proxy.url,
      connectTimeout: 60_000,
      signal: stop.signal,
    })
    await firstRequest.promise
    await sleep(50)
    stop.abort()
    await t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
    await closed(proxy)
    t.equal(proxy.open.size, 0, 'its connection is closed')
    t.strictSame(names(dir), [])
  })
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

t.test('Ctrl-C ends a wait for the proxy at once', async (t) => {
  const proxy = await startProxy(() => child.kill('SIGINT'))
  t.teardown(() => proxy.stop())
  const { child, ended } = rangeGet(
    ['--proxy', proxy.url, '--connect-timeout', '60', URL_BEHIND],
    t.testdir({}),
  )
  t.equal((await ended).status, 130)
})

t.test('a proxy that answers 502 is retried, and one that then answers 403 is not', async (t) => {
  const proxy = await startProxy((request, socket) =>
    answer(request.index === 0 ? '502 No' : '403 Forbidden')(request, socket),
  )
  t.teardown(() => proxy.stop())
  const end = await get(URL_BEHIND, t.testdir({}), { proxy: proxy.url, retries: 3 })
  t.match(end.message, /answered 403 Forbidden/)
  t.equal(proxy.requests.length, 2)
})

t.test('a 407 over plain http is an error of the proxy', async (t) => {
  const proxy = await startProxy(answer(`407 No\r\nProxy-Authenticate: Basic realm=x\r\n${page}`))
  t.teardown(() => proxy.stop())
  const dir = t.testdir({})
  const end = await get('http://files.invalid/file.bin', dir, { proxy: proxy.url })
  t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
  t.match(
    end.message,
    /^the proxy http:\/\/127\.0\.0\.1:\d+ answered 407 Proxy Authentication Required \(it wants a user and password: /,
  )
  t.equal(proxy.requests.length, 1)
  t.strictSame(names(dir), [])
})

t.test(
  'a Proxy-Authorization field of the caller is refused, because a tunnel would bring it to the server',
  async (t) => {
    const proxy = await startProxy(answer('200 OK'))
    t.teardown(() => proxy.stop())
    const headers = { 'Proxy-Authorization': 'Basic c2VjcmV0' }
    const end = await get(URL_BEHIND, t.testdir({}), { proxy: proxy.url, headers })
    t.equal(end.code, 'ERR_DOWNLOAD_USAGE')
    t.equal(proxy.requests.length, 0)
  },
)

t.test(
  'an error over plain http names the server and the proxy, because either may have sent it',
  async (t) => {
    const proxy = await startProxy(answer(`403 Forbidden\r\n${page}`))
    t.teardown(() => proxy.stop())
    const end = await get('http://files.invalid/file.bin', t.testdir({}), { proxy: proxy.url })
    t.equal(end.code, 'ERR_DOWNLOAD_HTTP')
    t.match(end.message, `the server, or the proxy ${proxy.url}, answered 403 Forbidden`)
  },
)

t.test('a file is fetched through a tunnel', { skip: withoutOpenssl() }, async (t) => {
  const certificate = makeCertificate(t.testdir({}))
  const { port, fieldNames } = await startTlsOrigin(t, certificate, CONTENT)
  const url = `https://localhost:${port}/file.bin`

  const fetchThrough = async (
    t: Test,
    proxy: ScriptedProxy,
    args: readonly string[] = [],
  ): Promise<Ended> => {
    const dir = t.testdir({})
    const ended = await rangeGet(['-q', '--retries', '1', '--proxy', proxy.url, ...args, url], dir, {
      NODE_EXTRA_CA_CERTS: certificate.path,
    }).ended
    if (ended.status === 0) sameBytes(t, readOrNull(`${dir}/file.bin`), CONTENT, 'the exact file')
    return ended
  }

  for (const [name, head] of [
    ['200', 'HTTP/1.1 200 Connection established\r\n\r\n'],
    ['200 of HTTP/1.0 without a reason', 'HTTP/1.0 200\r\n\r\n'],
    ['201', 'HTTP/1.1 201 Created\r\n\r\n'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['299', 'HTTP/1.1 299 Fine\r\n\r\n'],
    // RFC 9110 §9.3.6: "A client MUST ignore any Content-Length or Transfer-Encoding header fields received in a
    // successful response to CONNECT."
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'],
    ['a transfer coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    [
      'interim answers',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    ],
    ['bare line ends', 'HTTP/1.1 200 OK\nVia: x\n\n'],
    ['a head of 15 KiB', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(15 * 1024)}\r\n\r\n`],
  ] as const) {
    t.test(`a tunnel is open after any 2xx (${name})`, async (t) => {
      const proxy = await startProxy((request, socket) => tunnel(request, socket, head))
      t.teardown(() => proxy.stop())
      const { status, stderr } = await fetchThrough(t, proxy)
      t.equal(status, 0, stderr)
    })
  }

  t.test('credentials in the URL of the proxy go to the proxy alone', async (t) => {
    const proxy = await startProxy((request, socket) => tunnel(request, socket, 'HTTP/1.1 200 OK\r\n\r\n'))
    t.teardown(() => proxy.stop())
    proxy.url = proxy.url.replace('//', '//me:p%40w@')
    t.equal((await fetchThrough(t, proxy)).status, 0)
    const basic = `Basic ${Buffer.from('me:p@w').toString('base64')}`
    for (const { headers } of proxy.requests) t.equal(headers.get('proxy-authorization'), basic)
    t.strictSame(
      fieldNames.filter((name) => name.startsWith('proxy-')),
      [],
    )
  })

  t.test('a tunnel that opens at the third attempt is used (502 twice)', async (t) => {
    const proxy = await startProxy((request, socket) =>
      request.index < 2
        ? answer('502 No')(request, socket)
        : tunnel(request, socket, 'HTTP/1.1 200 OK\r\n\r\n'),
    )
    t.teardown(() => proxy.stop())
    t.equal((await fetchThrough(t, proxy, ['--retries', '2'])).status, 0)
  })

  t.test('a tunnel is used for several answers', async (t) => {
    const proxy = await startProxy((request, socket) => tunnel(request, socket, 'HTTP/1.1 200 OK\r\n\r\n'))
    t.teardown(() => proxy.stop())
    t.equal((await fetchThrough(t, proxy, ['-n', '1', '--segment-size', '50000'])).status, 0)
    t.equal(proxy.requests.length, 1)
  })

  t.test('a proxy with an https URL is used over TLS', async (t) => {
    const proxy = await startProxy(
      (request, socket) => tunnel(request, socket, 'HTTP/1.1 200 OK\r\n\r\n'),
      (onConnection) => createTlsServer({ key: certificate.key, cert: certificate.cert }, onConnection),
    )
    t.teardown(() => proxy.stop())
    proxy.url = proxy.url.replace('http:', 'https:')
    const { status, stderr } = await fetchThrough(t, proxy)
    t.equal(status, 0, stderr)
    for (const target of [url, 'http://files.invalid/file.bin']) {
      const untrusted = await rangeGet(['-q', '--proxy', proxy.url, target], t.testdir({})).ended
      t.equal(untrusted.status, 12)
      t.match(untrusted.stderr, /the certificate of the proxy https:\/\/127\.0\.0\.1:\d+ is not trusted/)
    }
  })

  t.test('a page of the proxy after its 200 is not taken for the file', async (t) => {
    // 200 means that the tunnel is open. The page that follows is not TLS.
    const proxy = await startProxy(answer(`200 OK\r\n${page}`))
    t.teardown(() => proxy.stop())
    const dir = t.testdir({})
    const end: End = await get(url, dir, { proxy: proxy.url, retries: 0 })
    t.not(end.code, null)
    t.strictSame(names(dir), [])
  })
})
