import t from 'tap'
import { firstTarget, mirrorTarget, publicName, redirectTarget } from '#client/http/target.js'

t.test(
  'credentials do not follow a redirect to another origin, and only http and https are followed',
  async (t) => {
    const first = firstTarget('http://u:p%40@a.example/x#y', { cookie: 'c', accept: 'a' })
    t.equal(first.url.href, 'http://a.example/x')
    t.equal(first.headers['authorization'], `Basic ${Buffer.from('u:p@').toString('base64')}`)
    t.same(redirectTarget(first, '/z')?.headers, first.headers, 'the same origin')
    for (const other of ['https://a.example/', 'http://a.example:81/', 'http://b.example/']) {
      t.strictSame(redirectTarget(first, other)?.headers, { accept: 'a' }, other)
    }
    for (const location of [null, 'file:///etc/passwd', 'ftp://a/', 'http://', 'data:,x', 'javascript:1']) {
      t.equal(redirectTarget(first, location), null, String(location))
    }
    t.equal(redirectTarget(first, 'http://me:pw@b.example/')?.url.href, 'http://b.example/')
    for (const bad of ['', 'x', 'ftp://a/b', 'file:///x'])
      t.throws(() => firstTarget(bad, {}), { code: 'ERR_DOWNLOAD_USAGE' }, bad)
  },
)

t.test(
  'of several URLs, those of other origins than the first get what a redirect to them would get',
  async (t) => {
    const headers = { Authorization: 'Bearer t', cookie: 'c', accept: 'a', 'User-Agent': 'u' }
    const origin = 'https://a.example'
    const scope = { origin }
    t.strictSame(firstTarget('https://a.example:443/y', headers, scope).headers, headers)
    const harmless = { accept: 'a', 'User-Agent': 'u' }
    for (const url of ['http://a.example/y', 'https://a.example:444/y', 'https://b.a.example/y']) {
      const other = firstTarget(url, headers, scope)
      t.strictSame(other.headers, harmless, url)
      t.equal(other.firstOrigin, origin)
      t.strictSame(redirectTarget(other, 'https://a.example/z')?.headers, harmless)
    }
    const own = firstTarget('https://u:p@b.example/', headers, scope)
    t.strictSame(own.headers, { ...harmless, authorization: `Basic ${btoa('u:p')}` })
    t.strictSame(firstTarget('https://b.example/', headers).headers, headers, 'the only one')
  },
)

t.test(
  'a mirror gets the fields that a redirect to it would get, and its own user and password',
  async (t) => {
    const first = firstTarget('http://u:p@a.example/x', { cookie: 'c', accept: 'a' })
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
    const other = mirrorTarget(first, ' http://me:pw@b.example/\u00fc/y.bin#z ')
    t.equal(other.url.href, 'http://b.example/%C3%BC/y.bin')
    t.strictSame(other.headers, { accept: 'a', authorization: basic('me:pw') })
    t.strictSame(other.names, ['x', 'y.bin'])
    t.equal(other.linked, null)
    t.strictSame(mirrorTarget(first, 'http://b.example/y').headers, { accept: 'a' })
    t.strictSame(mirrorTarget(first, 'http://a.example/y').headers, first.headers)
    const given = firstTarget('http://a.example/x', { authorization: 'Bearer t' })
    t.strictSame(mirrorTarget(given, 'http://me:pw@a.example/y').headers, given.headers)
    for (const bad of ['', 'y', '/y', 'ftp://b.example/y'])
      t.throws(() => mirrorTarget(first, bad), { code: 'ERR_DOWNLOAD_USAGE' }, bad)
  },
)

t.test('the name of a target shows no secret', async (t) => {
  t.equal(publicName(firstTarget('http://u:p@a.example/x;s=1?token=2', {})), 'http://a.example/x')
})
