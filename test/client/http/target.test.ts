import t from 'tap'
import { firstTarget, redirectTarget } from '#client/http/target.js'

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
