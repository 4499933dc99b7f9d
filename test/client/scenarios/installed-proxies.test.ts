// Through squid and tinyproxy as Debian has them.
import t, { type Test } from 'tap'
import { missing } from '../../docs/support/programs.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { type Ended, rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { freePort, startSquid, startTinyproxy, type Wanted } from '../support/installed-proxies.ts'
import { names, readOrNull } from '../support/run.ts'
import { startTlsOrigin } from '../support/tls-origin.ts'

const CONTENT = makeContent(3_000_000)
const KNOWN: Wanted = { user: 'me', password: 'secret-word' }

interface Proxy {
  program: string
  version: string
  /** Starts it so that it opens tunnels to `allowed`, and none to `forbidden`. */
  start(t: Test, wanted: Wanted | null, ports: { allowed: number; forbidden: number }): Promise<string>
  /** What it answers where the server is not reached. */
  unreachable: number
  /** What it answers to a wrong password. */
  deniesWith: number
  /** What the message says of a tunnel that it does not allow. */
  forbids: RegExp
}

const PROXIES: Proxy[] = [
  {
    program: 'squid',
    version: '-v',
    start: (t, wanted, { forbidden }) => startSquid(t, wanted, forbidden),
    unreachable: 503,
    deniesWith: 407,
    forbids: /answered 403 \(it does not allow this\)/,
  },
  {
    program: 'tinyproxy',
    version: '-v',
    start: (t, wanted, { allowed }) => startTinyproxy(t, wanted, allowed),
    unreachable: 500,
    deniesWith: 401,
    forbids: /answered 403 \(it does not allow this\)/,
  },
]

for (const { program, version, start, unreachable, deniesWith, forbids } of PROXIES) {
  const skip = (await missing(program, version)) || withoutOpenssl()
  t.test(program, { skip }, async (t) => {
    const certificate = makeCertificate(t.testdir({}))
    const { port, fieldNames } = await startTlsOrigin(t, certificate, CONTENT)
    const plain = await startHostile(honest(resource(CONTENT)))
    t.teardown(() => plain.stop())
    const nobody = await freePort()
    const secure = `https://localhost:${port}/file.bin`

    const run = async (t: Test, proxy: string, url: string): Promise<Ended & { file: Buffer | null }> => {
      const dir = t.testdir({})
      const args = ['-q', '--retries', '1', '--segment-size', '400k', url]
      const env = { NODE_EXTRA_CA_CERTS: certificate.path, http_proxy: proxy, https_proxy: proxy }
      const ended = await rangeGet(args, dir, env).ended
      if (ended.status !== 0) t.strictSame(names(dir), [], 'nothing is left')
      return { ...ended, file: readOrNull(`${dir}/file.bin`) }
    }
    const credentials = ({ user, password }: Wanted, url: string): string =>
      url.replace('//', `//${user}:${password}@`)

    t.test('open to all', async (t) => {
      const proxy = await start(t, null, { allowed: port, forbidden: nobody })
      for (const url of [secure, `${plain.url}/file.bin`]) {
        const { status, stderr, file } = await run(t, proxy, url)
        t.equal(status, 0, stderr)
        t.ok(file?.equals(CONTENT), 'the exact file')
      }
      const refused = await run(t, proxy, `https://localhost:${nobody}/file.bin`)
      t.equal(refused.status, 3)
      t.match(refused.stderr, forbids)
    })

    t.test('a server that nobody answers for', async (t) => {
      const proxy = await start(t, null, { allowed: nobody, forbidden: port })
      const { status, stderr } = await run(t, proxy, `https://127.0.0.1:${nobody}/file.bin`)
      t.equal(status, 3)
      t.match(stderr, `gave up after 2 attempts: the proxy ${proxy} answered ${unreachable}`)
    })

    t.test('with a password', async (t) => {
      const proxy = await start(t, KNOWN, { allowed: port, forbidden: nobody })
      for (const url of [secure, `${plain.url}/file.bin`]) {
        const none = await run(t, proxy, url)
        t.equal(none.status, 3)
        t.match(none.stderr, `the proxy ${proxy} answered 407 (it wants a user and password: http://USER:`)
        const wrong = await run(t, credentials({ ...KNOWN, password: 'wrong-word' }, proxy), url)
        // 401 could as well be the server's, where the proxy can read the answer.
        if (deniesWith === 401 && url !== secure) {
          t.equal(wrong.status, 4)
          t.match(wrong.stderr, `the server, or the proxy ${proxy}, answered 401`)
        } else {
          t.equal(wrong.status, 3)
          const told = `the proxy ${proxy} answered ${deniesWith} (it does not accept the user and password`
          t.match(wrong.stderr, told)
        }
        t.notMatch(wrong.stderr, /wrong-word/)
        const right = await run(t, credentials(KNOWN, proxy), url)
        t.equal(right.status, 0, right.stderr)
        t.ok(right.file?.equals(CONTENT), 'the exact file')
      }
      const seen = [...fieldNames, ...plain.requests.flatMap(({ headers }) => [...headers.keys()])]
      t.notOk(seen.includes('proxy-authorization'), 'the server sees no credentials of the proxy')
    })
  })
}
