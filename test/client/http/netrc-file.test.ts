// `--netrc` against real servers: each host gets what is for it, and nothing else does.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet } from '../support/command.ts'
import { names } from '../support/run.ts'

interface Seen {
  readonly port: number
  /** The users and passwords that came, `''` for none. */
  readonly credentials: string[]
}

async function startServer(
  t: Test,
  options: { location?: string; tls?: { key: Buffer; cert: Buffer } } = {},
): Promise<Seen> {
  const credentials: string[] = []
  const answer: Parameters<typeof createServer>[1] = (request, response) => {
    const [, text = ''] = (request.headers.authorization ?? '').split(' ')
    credentials.push(Buffer.from(text, 'base64').toString())
    if (options.location !== undefined) response.writeHead(302, { location: options.location }).end()
    else response.writeHead(200, { 'content-length': 1 }).end('x')
  }
  const server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, credentials }
}

const FILE = 'machine localhost login me password pw\nmachine 127.0.0.1 login you password other\n'

/** Runs the command with this netrc file. */
async function run(t: Test, text: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const dir = t.testdir({ home: {}, work: {} })
  const path = join(dir, 'home', process.platform === 'win32' ? '_netrc' : '.netrc')
  writeFileSync(path, text, { mode: 0o600 })
  const home = { HOME: join(dir, 'home'), USERPROFILE: join(dir, 'home') }
  return await rangeGet(['--netrc', '--retries', '0', '-o', 'x', ...args], join(dir, 'work'), {
    ...home,
    ...env,
  }).ended
}

t.test('a host gets its own user and password, and only with --netrc', async (t) => {
  const { port, credentials } = await startServer(t)
  const url = `http://localhost:${port}/x`
  const end = await run(t, FILE, [url])
  t.equal(end.status, 0, end.stderr)
  t.notMatch(end.stderr, /note:/)
  t.equal(credentials.pop(), 'me:pw')
  await run(t, FILE, [`http://127.0.0.1:${port}/x`])
  t.equal(credentials.pop(), 'you:other')
  await run(t, 'default login any password one', [url])
  t.equal(credentials.pop(), 'any:one')
  const without = await rangeGet(['-o', 'x', url], t.testdir({}), { NETRC: '/nothing' }).ended
  t.equal(without.status, 0)
  t.equal(credentials.pop(), '')
})

t.test('NETRC names another file', async (t) => {
  const { port, credentials } = await startServer(t)
  const dir = t.testdir({})
  mkdirSync(join(dir, 'a'))
  const NETRC = join(dir, 'a', 'mine')
  writeFileSync(NETRC, 'machine localhost login a password b', { mode: 0o600 })
  t.equal(
    (await rangeGet(['--netrc', '-o', 'x', `http://localhost:${port}/x`], dir, { NETRC }).ended).status,
    0,
  )
  t.equal(credentials.pop(), 'a:b')
})

t.test('what the URL or a field says comes first', async (t) => {
  const { port, credentials } = await startServer(t)
  await run(t, FILE, [`http://u:p@localhost:${port}/x`])
  t.equal(credentials.pop(), 'u:p')
  const field = `aUthorization: Basic ${Buffer.from('f:g').toString('base64')}`
  await run(t, FILE, ['-H', field, `http://localhost:${port}/x`])
  t.equal(credentials.pop(), 'f:g')
})

t.test(
  'the target of a redirect gets nothing over http, and on the same origin it is the same',
  async (t) => {
    const target = await startServer(t)
    const away = await startServer(t, { location: `http://127.0.0.1:${target.port}/x` })
    const end = await run(t, FILE, [`http://localhost:${away.port}/x`])
    t.equal(end.status, 0, end.stderr)
    t.strictSame([away.credentials.at(-1), target.credentials.at(-1)], ['me:pw', ''])
  },
)

t.test(
  'over https the target of a redirect gets its own entry, and never the default',
  {
    skip: withoutOpenssl(),
  },
  async (t) => {
    const folder = t.testdir({})
    const tls = makeCertificate(folder)
    const ca = ['--cacert', tls.path]
    t.test('targets', async (t) => {
      const target = await startServer(t, { tls })
      const away = await startServer(t, { location: `https://127.0.0.1:${target.port}/x` })
      const url = `http://localhost:${away.port}/x`
      t.equal((await run(t, FILE, [...ca, url])).status, 0)
      t.strictSame([away.credentials.at(-1), target.credentials.at(-1)], ['me:pw', 'you:other'])
      const field = `Authorization: Basic ${Buffer.from('f:g').toString('base64')}`
      t.equal((await run(t, FILE, [...ca, '-H', field, url])).status, 0)
      t.strictSame([away.credentials.at(-1), target.credentials.at(-1)], ['f:g', 'you:other'])
      t.equal((await run(t, 'default login any password one', [...ca, url])).status, 0)
      t.strictSame([away.credentials.at(-1), target.credentials.at(-1)], ['any:one', ''])
    })
  },
)

t.test('a proxy gets nothing from the file', async (t) => {
  const proxy = await startServer(t)
  const end = await run(t, `${FILE}default login a password b`, ['http://files.invalid/x'], {
    http_proxy: `http://127.0.0.1:${proxy.port}`,
  })
  t.equal(end.status, 0, end.stderr)
  t.strictSame(proxy.credentials, ['a:b'], 'the field for the server alone')
})

t.test('a file that cannot be read is a usage error, and one that others can read is a note', async (t) => {
  const { port } = await startServer(t)
  const url = `http://localhost:${port}/x`
  const dir = t.testdir({ work: {}, mine: 'machine localhost login a password b' })
  const missing = await rangeGet(['--netrc', '-o', 'x', url], join(dir, 'work'), { NETRC: join(dir, 'no') })
    .ended
  t.equal(missing.status, 2)
  t.match(missing.stderr, /cannot read .*no: there is no such file/)
  t.strictSame(names(join(dir, 'work')), [])
  if (process.platform === 'win32') return
  const NETRC = join(dir, 'mine')
  chmodSync(NETRC, 0o644)
  const open = await rangeGet(['--netrc', '-o', 'x', url], join(dir, 'work'), { NETRC }).ended
  t.equal(open.status, 0)
  t.match(open.stderr, /note: other users can read the netrc file: chmod 600/)
  t.notMatch(open.stderr, /password b/)
})
