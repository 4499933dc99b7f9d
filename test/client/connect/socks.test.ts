// Downloads through SOCKS5 proxies: one that follows a script, and microsocks as Debian packages it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { freePort } from '../../support/free-port.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { get, names, QUICK, readOrNull } from '../support/run.ts'
import { startTlsOrigin } from '../support/tls-origin.ts'

const CONTENT = makeContent(300_000)

/** What the proxy does. */
interface Plan {
  /** User and password that it wants. */
  readonly wants?: string
  /** The reply (RFC 1928 §6) to a request for this host. Default: 0, with the connection to 127.0.0.1 at that port. */
  readonly reply?: (host: string) => number
  /** Says nothing after the greeting. */
  readonly isSilent?: true
  /** Sends this in place of its first answer. */
  readonly garbage?: string
}

/** A SOCKS5 proxy in this process. */
interface Proxy {
  readonly port: number
  /** The hosts that were asked for. */
  readonly hosts: string[]
  readonly open: ReadonlySet<Socket>
}

async function startSocks(t: Test, plan: Plan = {}): Promise<Proxy> {
  const hosts: string[] = []
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
    void serve(socket, plan, hosts).catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, hosts, open }
}

async function serve(socket: Socket, plan: Plan, hosts: string[]): Promise<void> {
  const next = async (): Promise<Buffer> => {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    return bytes
  }
  const greeting = await next()
  if (plan.garbage !== undefined) return void socket.write(plan.garbage)
  if (plan.isSilent) return
  const methods = [...greeting.subarray(2)]
  if (plan.wants !== undefined && !methods.includes(2)) return void socket.end(Buffer.from([5, 0xff]))
  socket.write(Buffer.from([5, plan.wants === undefined ? 0 : 2]))
  if (plan.wants !== undefined) {
    const login = await next()
    const user = login.subarray(2, 2 + (login[1] ?? 0))
    const password = login.subarray(3 + user.length)
    const isRight = `${user}:${password}` === plan.wants
    socket.write(Buffer.from([1, isRight ? 0 : 1]))
    if (!isRight) return
  }
  const request = await next()
  const host = hostIn(request)
  hosts.push(host)
  const reply = plan.reply?.(host) ?? 0
  const answer = Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])
  if (reply !== 0) return void socket.end(answer)
  const server = connect(request.readUInt16BE(request.length - 2), '127.0.0.1', () => {
    socket.write(answer)
    server.pipe(socket).pipe(server)
  })
  server.on('error', () => socket.destroy())
  socket.on('close', () => server.destroy())
}

function hostIn(request: Buffer): string {
  if (request[3] === 1) return request.subarray(4, 8).join('.')
  if (request[3] === 4) return request.subarray(4, 20).toString('hex')
  return request.subarray(5, 5 + (request[4] ?? 0)).toString()
}

async function startFiles(t: Test): Promise<number> {
  const server = await startHostile(honest(resource(CONTENT)))
  t.teardown(() => server.stop())
  return Number(new URL(server.url).port)
}

/** Why a test that needs microsocks has to be skipped, or false. It has no option that ends it with status 0. */
function withoutMicrosocks(): string | false {
  if (process.env['CI'] !== undefined) return false
  return spawnSync('microsocks', ['-?']).error === undefined ? false : 'microsocks is not installed'
}

t.test('with socks5h the proxy looks up the name, and with socks5 this machine does', async (t) => {
  const files = await startFiles(t)
  const { port, hosts } = await startSocks(t)
  const options = { segmentSize: 100_000, connections: 2 }
  const far = await get(`http://files.invalid:${files}/x`, t.testdir({}), {
    ...options,
    proxy: `socks5h://127.0.0.1:${port}`,
  })
  sameBytes(t, far.file, CONTENT, far.message)
  t.strictSame([...new Set(hosts)], ['files.invalid'])
  hosts.length = 0
  const near = await get(`http://localhost:${files}/x`, t.testdir({}), {
    proxy: `socks5://127.0.0.1:${port}`,
  })
  sameBytes(t, near.file, CONTENT, near.message)
  t.ok(
    hosts.every((host) => host === '127.0.0.1' || /^0{31}1$/.test(host)),
    hosts.join(),
  )
  hosts.length = 0
  const six = await get(`http://[::1]:${files}/x`, t.testdir({}), { proxy: `socks5h://127.0.0.1:${port}` })
  sameBytes(t, six.file, CONTENT, six.message)
  t.match(hosts[0], /^0{31}1$/, 'an address stays an address')
  const unknown = await get('http://files.invalid/x', t.testdir({}), {
    proxy: `socks5://127.0.0.1:${port}`,
    retries: 0,
  })
  t.equal(unknown.code, 'ERR_DOWNLOAD_NETWORK')
  t.notMatch(unknown.message, /proxy/)
})

t.test('the environment names the proxy, and no_proxy applies', async (t) => {
  const files = await startFiles(t)
  const { port, hosts } = await startSocks(t)
  const proxy = `socks5h://127.0.0.1:${port}`
  const url = `http://localhost:${files}/x`
  for (const [env, count] of [
    [{ all_proxy: proxy }, 1],
    [{ http_proxy: proxy }, 1],
    [{ https_proxy: proxy }, 0],
    [{ all_proxy: proxy, no_proxy: 'localhost' }, 0],
  ] as const) {
    hosts.length = 0
    const end = await rangeGet(['-q', '-n', '1', '--overwrite', '-o', 'x', url], t.testdir({}), env).ended
    t.equal(end.status, 0, end.stderr)
    t.equal(hosts.length > 0, count > 0, JSON.stringify(env))
  }
})

t.test('user and password go to the proxy, and no other is accepted', async (t) => {
  const files = await startFiles(t)
  const { port } = await startSocks(t, { wants: 'me:s p' })
  const run = (login: string) =>
    get(`http://localhost:${files}/x`, t.testdir({}), {
      proxy: `socks5h://${login}127.0.0.1:${port}`,
      retries: 2,
    })
  sameBytes(t, (await run('me:s%20p@')).file, CONTENT)
  const wrong = await run('me:secret-word@')
  t.equal(wrong.code, 'ERR_DOWNLOAD_NETWORK')
  t.equal(
    wrong.message,
    `the proxy socks5h://127.0.0.1:${port}: it does not accept the user and password in its URL`,
  )
  t.match((await run('')).message, /it wants a user and password: socks5h:\/\/USER:PASSWORD@127/)
})

t.test('RFC 1929 §2: a user, password or host of more than 255 bytes cannot be sent', async (t) => {
  const { port, hosts } = await startSocks(t, { wants: 'me:x' })
  const long = 'é'.repeat(128)
  for (const [login, host, name] of [
    [`${long}:x@`, 'a', 'the user in its URL'],
    [`me:${long}@`, 'a', 'the password in its URL'],
    ['', `${'a'.repeat(63)}.`.repeat(4), 'the host'],
  ] as const) {
    const options = { proxy: `socks5h://${login}127.0.0.1:${port}`, retries: 2 }
    const end = await get(`http://${host}/x`, t.testdir({}), options)
    t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
    t.equal(end.message, `the proxy socks5h://127.0.0.1:${port}: ${name} is longer than 255 bytes`)
  }
  t.strictSame(hosts, [])
})

const refusals: [reply: number, message: RegExp, requests: number][] = [
  [1, /it reports a general failure$/, 2],
  [2, /: it does not allow this connection$/, 1],
  [3, /it cannot reach the network of the server$/, 2],
  [4, /it cannot reach the server, or does not know its name$/, 2],
  [5, /the server refused its connection$/, 2],
  [6, /its way to the server is too long$/, 2],
  [7, /: it does not support connections$/, 1],
  [8, /: it does not support this kind of address$/, 1],
]

for (const [reply, message, requests] of refusals) {
  t.test(`RFC 1928 §6 the reply ${reply} is reported after ${requests} attempts`, async (t) => {
    const { port, hosts, open } = await startSocks(t, { reply: () => reply })
    const dir = t.testdir({})
    const proxy = `socks5h://127.0.0.1:${port}`
    const end = await get('https://files.invalid/x', dir, { proxy, retries: 1 })
    t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
    t.match(end.message, message)
    t.match(end.message, `the proxy ${proxy}`)
    t.equal(hosts.length, requests)
    t.strictSame(names(dir), [])
    while (open.size > 0) await sleep(5)
  })
}

t.test('with socks5 the next address is tried if one cannot be reached', async (t) => {
  const files = await startFiles(t)
  const asked: string[] = []
  const { port } = await startSocks(t, {
    reply: (host) => (asked.push(host) === 1 ? 4 : 0),
  })
  const end = await get(`http://localhost:${files}/x`, t.testdir({}), { proxy: `socks5://127.0.0.1:${port}` })
  sameBytes(t, end.file, CONTENT, end.message)
  t.ok(asked.length > 1)
})

t.test('what is no SOCKS5 proxy is reported, and a wait for it has an end', async (t) => {
  const rows: [plan: Plan, message: RegExp, options?: DownloadOptions][] = [
    [{ garbage: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, /it does not speak SOCKS5$/],
    [{ isSilent: true }, /the proxy socks5.*: no connection within 0\.1 s/, { connectTimeout: 100 }],
  ]
  for (const [plan, message, options] of rows) {
    const { port, open } = await startSocks(t, plan)
    const proxy = `socks5h://127.0.0.1:${port}`
    const end = await get('http://files.invalid/x', t.testdir({}), { proxy, retries: 0, ...options })
    t.equal(end.code, 'ERR_DOWNLOAD_NETWORK', end.message)
    t.match(end.message, message)
    while (open.size > 0) await sleep(5)
  }
  const nothing = await get('http://files.invalid/x', t.testdir({}), {
    proxy: `socks5h://127.0.0.1:${await freePort()}`,
    retries: 0,
  })
  t.match(
    nothing.message,
    /the proxy socks5h:\/\/127\.0\.0\.1:\d+: the connection was refused \(ECONNREFUSED\)/,
  )
})

t.test('an abort ends a connection that is being opened', async (t) => {
  const { port, open } = await startSocks(t, { isSilent: true })
  const stop = new AbortController()
  const options = { ...QUICK, proxy: `socks5h://127.0.0.1:${port}`, signal: stop.signal }
  const run = download('http://files.invalid/x', `${t.testdir({})}/x`, options)
  while (open.size === 0) await sleep(5)
  stop.abort()
  await t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
  while (open.size > 0) await sleep(5)
})

t.test('TLS goes through SOCKS5 to the server', { skip: withoutOpenssl() }, async (t) => {
  const certificate = makeCertificate(t.testdir({}))
  t.test('downloads', async (t) => {
    const origin = await startTlsOrigin(t, certificate, CONTENT)
    const { port, hosts } = await startSocks(t)
    const options = { caFile: certificate.path, proxy: `socks5h://127.0.0.1:${port}`, segmentSize: 100_000 }
    const end = await get(`https://localhost:${origin.port}/x`, t.testdir({}), options)
    sameBytes(t, end.file, CONTENT, end.message)
    t.ok(hosts.every((host) => host === 'localhost'))
  })
})

t.test('downloads go through microsocks', { skip: withoutMicrosocks() }, async (t) => {
  const files = await startFiles(t)
  const port = await freePort()
  const child = spawn('microsocks', ['-i', '127.0.0.1', '-p', String(port), '-u', 'me', '-P', 'pw'], {
    stdio: 'ignore',
  })
  t.teardown(() => child.kill())
  const isUp = (): Promise<boolean> =>
    new Promise((resolve) => {
      const probe = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      probe.on('connect', () => probe.destroy())
    })
  while (!(await isUp())) await sleep(20)
  const dir = t.testdir({})
  const run = (login: string, url: string, ...more: string[]) =>
    rangeGet(
      [
        '-q',
        '--retries',
        '0',
        '--overwrite',
        '-o',
        'x',
        '--proxy',
        `${login}127.0.0.1:${port}`,
        ...more,
        url,
      ],
      dir,
    ).ended
  for (const scheme of ['socks5', 'socks5h']) {
    const end = await run(`${scheme}://me:pw@`, `http://localhost:${files}/x`, '--segment-size', '100k')
    t.equal(end.status, 0, end.stderr)
    sameBytes(t, readOrNull(`${dir}/x`), CONTENT)
  }
  const wrong = await run('socks5h://me:nothing@', `http://localhost:${files}/x`)
  t.equal(wrong.status, 3)
  t.match(wrong.stderr, /it does not accept the user and password in its URL/)
  const none = await run('socks5h://me:pw@', `http://127.0.0.1:${await freePort()}/x`)
  t.equal(none.status, 3)
  t.match(none.stderr, /the server refused its connection/)
})
