import t from 'tap'
import { basicCredentials } from '#client/rules/basic-credentials.js'

const ROWS: readonly (readonly [url: string, pair: string])[] = [
  // RFC 7617 §2: "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
  ['http://Aladdin:open%20sesame@host/', 'Aladdin:open sesame'],
  // RFC 7617 §2.1: the password "123" and the pound sign, in UTF-8: "dGVzdDoxMjPCow=="
  ['http://test:123%C2%A3@host/', 'test:123£'],
  ['http://user@host/', 'user:'],
  ['http://:password@host/', ':password'],
  ['http://user:a%3Ab@host/', 'user:a:b'],
  ['http://user:100%25@host/', 'user:100%'],
  ['http://user:%ff@host/', 'user:%ff'],
]

for (const [url, pair] of ROWS) {
  t.test(`RFC 7617 §2 user and password are sent as UTF-8 in base64 (${url})`, async (t) => {
    const field = basicCredentials(new URL(url))
    t.match(field, /^Basic [A-Za-z0-9+/]+=*$/)
    t.equal(Buffer.from(field.slice('Basic '.length), 'base64').toString(), pair)
  })
}

t.test('the examples of RFC 7617 are encoded as it says', async (t) => {
  t.equal(
    basicCredentials(new URL('http://Aladdin:open%20sesame@host/')),
    'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
  )
  t.equal(basicCredentials(new URL('http://test:123%C2%A3@host/')), 'Basic dGVzdDoxMjPCow==')
})
