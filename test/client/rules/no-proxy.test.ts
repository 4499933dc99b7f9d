// no_proxy: a table of cases, compared with real curl.
import { execFile } from 'node:child_process'
import t from 'tap'
import { isExempt } from '#client/rules/no-proxy.js'
import { proxyFor } from '#client/rules/proxy.js'
import { missing } from '../../docs/support/programs.ts'
import { startProxy } from '../support/proxy.ts'

interface Row {
  host: string
  list: string
  want: 'direct' | 'proxy'
  /** Where curl 7.88 does otherwise, why that is not followed. */
  unlikeCurl?: string
}

const PORT = 'a port is taken as other clients take it; curl then compares nothing equal'
const IPV6 = 'curl has a mistake here that later versions have mended'
const STAR = 'curl knows these forms as names only'
const EVERY = 'curl takes /0 for one address'

const direct = (host: string, list: string, unlikeCurl?: string): Row => ({
  host,
  list,
  want: 'direct',
  ...(unlikeCurl === undefined ? {} : { unlikeCurl }),
})
const through = (host: string, list: string): Row => ({ host, list, want: 'proxy' })

const ROWS: Row[] = [
  direct('127.0.0.9', '127.0.0.0/8'),
  direct('127.0.0.9', '127.0.0.9'),
  direct('127.0.0.9', '127.0.0.9/'),
  direct('127.0.0.9', '127.0.0.9/32'),
  direct('127.0.0.9', '127.0.0.8/31'),
  direct('127.0.0.9', '127.0.0.0/08'),
  direct('127.0.0.9', '10.0.0.0/8,127.255.255.255/8'),
  direct('2130706441', '127.0.0.0/8'),
  direct('127.0.0.9', '127.0.0.9/0'),
  direct('127.0.0.9', '0.0.0.0/0', EVERY),
  through('127.0.0.9', '127.0.0.10/32'),
  through('127.0.0.9', '127.0.0.9/33'),
  through('127.0.0.9', '127.0.0.8/x'),
  direct('127.0.0.9', '127.0.0.8/31/8'),
  through('127.0.0.9', '127.0.0.0/-8'),
  through('127.0.0.9', '127/8'),
  through('127.0.0.9', '127.0.0/24'),
  through('127.0.0.9', '.127.0.0.9'),
  through('127.0.0.9', '0.0.9'),
  through('127.0.0.9', '127.0.0.0/ 8'),
  through('127.0.0.9', '::/0'),
  direct('[::1]', '::1'),
  direct('[::1]', '[::1]', IPV6),
  direct('[::1]', '::/64', IPV6),
  direct('[::1]', '[::]/64', IPV6),
  direct('[::1]', '0:0:0:0:0:0:0:1', IPV6),
  direct('[::1]', '::1/128', IPV6),
  direct('[::1]', '[::1]:1', PORT),
  direct('[::ffff:127.0.0.9]', '127.0.0.0/8', 'it is the same host'),
  through('[::1]', '[::1]:2'),
  through('[::1]', '::1/129'),
  through('[::1]', '::2/127'),
  through('[::1]', '0.0.0.0/0'),
  direct('localhost', 'localhost'),
  direct('localhost', 'LocalHost'),
  direct('LOCALHOST', 'localhost'),
  direct('localhost', '.localhost'),
  direct('localhost', 'localhost.'),
  direct('localhost.', 'localhost'),
  direct('localhost', 'a, localhost b'),
  direct('localhost', 'a localhost'),
  direct('localhost', 'a\tlocalhost'),
  direct('a.localhost', 'localhost'),
  direct('a.localhost', '.localhost'),
  direct('a.localhost', '*.localhost', STAR),
  direct('localhost', '*'),
  direct('localhost', 'a,*', STAR),
  direct('localhost', 'localhost:1', PORT),
  through('localhost', 'localhost:2'),
  through('alocalhost', 'localhost'),
  through('a.localhost', '..localhost'),
  through('localhost', 'a.localhost'),
  through('localhost', 'localhost/8'),
  through('localhost', '127.0.0.1'),
  through('localhost', 'a;localhost'),
  through('localhost', ',.,,'),
]

for (const { host, list, want } of ROWS) {
  t.test(`${host} with no_proxy=${list}`, async (t) => {
    t.equal(isExempt(new URL(`http://${host}:1/`), list) ? 'direct' : 'proxy', want)
  })
}

t.test('an entry with a port matches the default port of the scheme', async (t) => {
  for (const [url, list, want] of [
    ['http://a.example/', 'a.example:80', true],
    ['http://a.example/', 'a.example:443', false],
    ['https://a.example/', 'a.example:443', true],
    ['https://a.example/', 'a.example:80', false],
    ['https://a.example:80/', 'a.example:80', true],
  ] as const)
    t.equal(isExempt(new URL(url), list), want, `${url} with ${list}`)
})

t.test('lower-case variables win over upper-case ones, and an empty one counts as missing', async (t) => {
  const url = new URL('http://files.example/x')
  const https = new URL('https://files.example/x')
  const of = (env: Readonly<Record<string, string>>, to = url) => proxyFor(to, null, env)?.host ?? null
  const http_proxy = 'http://p:1'
  t.equal(of({ http_proxy, no_proxy: '', NO_PROXY: '*' }), null, 'an empty variable counts as missing')
  t.equal(of({ http_proxy, no_proxy: 'x', NO_PROXY: '*' }), 'p:1', 'lower case wins')
  t.equal(of({ http_proxy, no_proxy: ' ', NO_PROXY: '*' }), 'p:1', 'a blank is a value')
  t.equal(of({ http_proxy: '', all_proxy: 'a:2' }), 'a:2')
  t.equal(of({ https_proxy: '', HTTPS_PROXY: 'b:3' }, https), 'b:3')
  t.equal(of({ https_proxy: '', HTTPS_PROXY: '', all_proxy: '', ALL_PROXY: 'c:4' }, https), 'c:4')
  t.equal(proxyFor(url, 'http://o:5', { NO_PROXY: 'files.example' }), null, 'also for the option')
})

t.test('curl reads the list in the same way', { skip: await missing('curl', '--version') }, async (t) => {
  const proxy = await startProxy((_, socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy'),
  )
  t.teardown(() => proxy.stop())
  const ask = (url: string, env: NodeJS.ProcessEnv): Promise<string> =>
    new Promise((resolve) => {
      const settings = { env: { PATH: process.env['PATH'], http_proxy: proxy.url, ...env } }
      execFile('curl', ['-q', '-s', '--max-time', '5', url], settings, (_, out) => resolve(out || 'direct'))
    })
  for (const { host, list, want, unlikeCurl } of ROWS) {
    if (unlikeCurl !== undefined) t.comment(`${host} with ${list}: ${unlikeCurl}`)
    else t.equal(await ask(`http://${host}:1/`, { no_proxy: list }), want, `${host} with ${list}`)
  }
  for (const [env, want] of [
    [{ no_proxy: '', NO_PROXY: '*' }, 'direct'],
    [{ no_proxy: 'x', NO_PROXY: '*' }, 'proxy'],
    [{ no_proxy: ' ', NO_PROXY: '*' }, 'proxy'],
    [{ http_proxy: '', HTTP_PROXY: proxy.url }, 'direct'],
  ] as const)
    t.equal(await ask('http://127.0.0.1:1/', env), want, JSON.stringify(env))
})
