import t from 'tap'
import { httpOrigin, publicUrl } from '#client/text/public-url.js'

const ROWS: readonly (readonly [given: string, shown: string])[] = [
  ['https://user:password@host:8443/a/b?c=signature#signature', 'https://host:8443/a/b'],
  ['http://user@host/', 'http://host/'],
  ['http://host/a;id=token/b;token', 'http://host/a/b'],
  ['http://host/a%3Bb', 'http://host/a%3Bb'],
  // Not valid, but meant as URLs.
  ['http://user:password@host:99999/a?signature', 'http://host:99999/a'],
  ['http://user;x:password@host:99999/a;id=token', 'http://host:99999/a'],
  ['user:password@host name/a', 'host name/a'],
  ['user:password@host/a', 'host/a'],
  ['not a url', 'not a url'],
]

for (const [given, shown] of ROWS) {
  t.test(
    `a shown URL contains no user, password, query, fragment or path parameter (${given})`,
    async (t) => {
      t.equal(publicUrl(given), shown)
      if (URL.canParse(given)) t.equal(publicUrl(new URL(given)), shown, 'as a URL')
    },
  )
}

t.test('only http and https have an origin', async (t) => {
  t.equal(httpOrigin('https://u:p@Example.com:443/a'), 'https://example.com')
  t.equal(httpOrigin(new URL('http://a:81/')), 'http://a:81')
  for (const other of ['ftp://a/', 'data:,x', '/a', '']) t.equal(httpOrigin(other), null, other)
})
