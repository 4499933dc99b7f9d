// Downloads through squid and tinyproxy, as Debian packages them.
import t, { type Test } from 'tap'
import { statusName } from '#client/text/status-name.js'
import { missing } from '../../docs/support/programs.ts'
import { freePort } from '../../support/free-port.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { type Ended, rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { startSquid, startTinyproxy, type Wanted } from '../support/installed-proxies.ts'
import { names, readOrNull } from '../support/run.ts'
import { startTlsOrigin } from '../support/tls-origin.ts'

const CONTENT = makeContent(3_000_000)
const KNOWN: Wanted = { user: 'me', password: 'secret-word' }

interface Proxy {
  program: string
  version: string
  /** Starts it so that it opens tunnels to `allowed`, and not to `forbidden`. */
  start(t: Test, wanted: Wanted | null, ports: { allowed: number; forbidden: number }): Promise<string>
  /** Its status if the server cannot be reached. */
  unreachable: number
  /** Its status for a wrong password. */
  deniesWith: number
  /** The message about a tunnel that it does not allow. */
  forbids: RegExp
}

const PROXIES: Proxy[] = [
  {
    program: 'squid',
    version: '-v',
    start: (t, wanted, { forbidden }) => startSquid(t, wanted, forbidden),
    unreachable: 503,
    deniesWith: 407,
    forbids: /answered 403 Forbidden \(it does not allow this\)/,
  },
  {
    program: 'tinyproxy',
    version: '-v',
    start: (t, wanted, { allowed }) => startTinyproxy(t, wanted, allowed),
    unreachable: 500,
    deniesWith: 401,
    forbids: /answered 403 Forbidden \(it does not allow this\)/,
  },
]

for (const { program, version, start, unreachable, deniesWith, forbids } of PROXIES) {
  const skip = (await missing(program, version)) || withoutOpenssl()
  t.test(`downloads go through ${program}`, { skip }, async (t) => {
    const certificate = makeCertificate(t.testdir({}))
    const { port, fieldNames } = await startTlsOrigin(t, certificate, CONTENT)
    const plain = await startHostile(honest(resource(CONTENT)))
    t.teardown(() => plain.stop())
    const unusedPort = await freePort()
    const secure = `https://localhost:${port}/file.bin`

    const run = async (t: Test, proxy: string, url: string): Promise<Ended & { file: Buffer | null }> => {
      const dir = t.testdir({})
      const args = ['-q', '--retries', '1', '--segment-size', '400k', url]
      const env = { NODE_EXTRA_CA_CERTS: certificate.path, http_proxy: proxy, https_proxy: proxy }
      const ended = await rangeGet(args, dir, env).ended
      if (ended.status !== 0) t.strictSame(names(dir), [], 'no file is left')
      return { ...ended, file: readOrNull(`${dir}/file.bin`) }
    }
    const credentials = ({ user, password }: Wanted, url: string): string =>
      url.replace('//', `//${user}:${password}@`)

    t.test('a proxy without a password opens allowed tunnels, and refuses others', async (t) => {
      const proxy = await start(t, null, { allowed: port, forbidden: unusedPort })
      for (const url of [secure, `${plain.url}/file.bin`]) {
        const { status, stderr, file } = await run(t, proxy, url)
        t.equal(status, 0, stderr)
        sameBytes(t, file, CONTENT, 'the exact file')
      }
      const refused = await run(t, proxy, `https://localhost:${unusedPort}/file.bin`)
      t.equal(refused.status, 3)
      t.match(refused.stderr, forbids)
    })

    t.test('a server that cannot be reached is reported as the answer of the proxy', async (t) => {
      const proxy = await start(t, null, { allowed: unusedPort, forbidden: port })
      const { status, stderr } = await run(t, proxy, `https://127.0.0.1:${unusedPort}/file.bin`)
      t.equal(status, 3)
      t.match(stderr, `gave up after 2 attempts: the proxy ${proxy} answered ${statusName(unreachable)}`)
    })

    t.test('a proxy with a password accepts the right one alone, and the server never sees it', async (t) => {
      const proxy = await start(t, KNOWN, { allowed: port, forbidden: unusedPort })
      for (const url of [secure, `${plain.url}/file.bin`]) {
        const none = await run(t, proxy, url)
        t.equal(none.status, 3)
        t.match(
          none.stderr,
          `the proxy ${proxy} answered 407 Proxy Authentication Required (it wants a user and password: http://USER:`,
        )
        const wrong = await run(t, credentials({ ...KNOWN, password: 'wrong-word' }, proxy), url)
        // If the proxy can read the answer, a 401 could also come from the server.
        if (deniesWith === 401 && url !== secure) {
          t.equal(wrong.status, 4)
          t.match(wrong.stderr, `the server, or the proxy ${proxy}, answered 401 Unauthorized`)
        } else {
          t.equal(wrong.status, 3)
          const message = `the proxy ${proxy} answered ${statusName(deniesWith)} (it does not accept the user and password`
          t.match(wrong.stderr, message)
        }
        t.notMatch(wrong.stderr, /wrong-word/)
        const right = await run(t, credentials(KNOWN, proxy), url)
        t.equal(right.status, 0, right.stderr)
        sameBytes(t, right.file, CONTENT, 'the exact file')
      }
      const seen = [...fieldNames, ...plain.requests.flatMap(({ headers }) => [...headers.keys()])]
      t.notOk(seen.includes('proxy-authorization'), 'the server sees no credentials of the proxy')
    })
  })
}
