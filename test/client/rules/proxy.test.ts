import t from 'tap'
import { isSocks, proxyFor } from '#client/rules/proxy.js'

t.test('a proxy comes from the option or the variables, except for the hosts of no_proxy', async (t) => {
  const url = new URL('http://www.example.com/x')
  const https = new URL('https://www.example.com/x')
  const env = { http_proxy: 'http://p:1', https_proxy: 'q:2', HTTP_PROXY: 'http://evil:1' }
  t.equal(proxyFor(url, null, env)?.href, 'http://p:1/')
  t.equal(proxyFor(https, null, env)?.href, 'http://q:2/')
  t.equal(proxyFor(url, null, { HTTP_PROXY: 'http://evil:1' }), null, 'a CGI client could set it')
  t.equal(proxyFor(url, null, { all_proxy: 'http://a:1' })?.host, 'a:1')
  t.equal(proxyFor(url, 'http://o:3', env)?.host, 'o:3')
  for (const list of [
    '*',
    'example.com',
    '.example.com',
    'x, www.example.com',
    'www.example.com:80',
    '*.example.com',
  ]) {
    t.equal(proxyFor(url, null, { ...env, no_proxy: list }), null, list)
  }
  for (const list of ['', 'ample.com', 'www.example.com:81', 'example.org'])
    t.ok(proxyFor(url, null, { ...env, no_proxy: list }), list)
  for (const proxy of ['socks5://x:1', 'socks5h://u:p@[::1]', 'SOCKS5h://x'])
    t.ok(isSocks(proxyFor(url, proxy, env) ?? url), proxy)
  t.notOk(isSocks(url))
  for (const proxy of ['socks4://x:1', 'socks://x', 'http://', 'socks5://', 'socks5h://u:p/@x'])
    t.throws(() => proxyFor(url, proxy, env), { code: 'ERR_DOWNLOAD_USAGE' }, proxy)
})
