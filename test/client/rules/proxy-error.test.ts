// Messages about a proxy that refuses or fails, and whether it is tried again.
import t from 'tap'
import { nameOf, ProxyError } from '#client/rules/proxy-error.js'

const PLAIN = 'http://proxy.example:3128'
const OWN = 'http://me:pw@proxy.example:3128'
const WANTS =
  'the proxy http://proxy.example:3128 answered 407 Proxy Authentication Required (it wants a user and password: http://USER:PASSWORD@proxy.example:3128)'
const REFUSES =
  'the proxy http://proxy.example:3128 answered 407 Proxy Authentication Required (it does not accept the user and password in its URL)'
const UNSUPPORTED =
  'the proxy http://proxy.example:3128 answered 407 Proxy Authentication Required (it wants credentials in a form that is not supported; only Basic is)'

const refusals: [name: string, proxy: string, status: number, challenge: string | null, message: string][] = [
  ['it wants credentials', PLAIN, 407, 'Basic realm="x"', WANTS],
  ['it does not say which', PLAIN, 407, null, WANTS],
  ['Basic is one of several', PLAIN, 407, 'Negotiate, basic realm="x"', WANTS],
  ['Basic after a blank', PLAIN, 407, 'NTLM BASIC', WANTS],
  ['Basic is not among them', PLAIN, 407, 'Negotiate, NTLM', UNSUPPORTED],
  ['a scheme whose name only has it in it', PLAIN, 407, 'XBasic, Basically', UNSUPPORTED],
  ['it refuses the ones given', OWN, 407, 'Basic realm="x"', REFUSES],
  ['it refuses a user without a password', 'http://me@proxy.example:3128', 407, null, REFUSES],
  ['it refuses a password without a user', 'http://:pw@proxy.example:3128', 407, null, REFUSES],
  [
    'tinyproxy refuses the ones given',
    OWN,
    401,
    null,
    'the proxy http://proxy.example:3128 answered 401 Unauthorized (it does not accept the user and password in its URL)',
  ],
  [
    '401 where none were given',
    PLAIN,
    401,
    null,
    'the proxy http://proxy.example:3128 answered 401 Unauthorized',
  ],
  [
    '403',
    OWN,
    403,
    null,
    'the proxy http://proxy.example:3128 answered 403 Forbidden (it does not allow this)',
  ],
  [
    '302',
    PLAIN,
    302,
    null,
    'the proxy http://proxy.example:3128 answered 302 Found (it may want a login in a browser)',
  ],
  [
    '300',
    PLAIN,
    300,
    null,
    'the proxy http://proxy.example:3128 answered 300 Multiple Choices (it may want a login in a browser)',
  ],
  [
    '399',
    PLAIN,
    399,
    null,
    'the proxy http://proxy.example:3128 answered 399 (it may want a login in a browser)',
  ],
  ['400', PLAIN, 400, null, 'the proxy http://proxy.example:3128 answered 400 Bad Request'],
  ['101', PLAIN, 101, null, 'the proxy http://proxy.example:3128 answered 101 Switching Protocols'],
]
for (const [name, proxy, status, challenge, message] of refusals) {
  t.test(`a proxy refuses: ${name}`, async (t) => {
    const answer = { status, challenge, wait: null }
    const error = new ProxyError(new URL(proxy), answer)
    t.equal(error.message, message)
    t.equal(error.answer, answer)
    t.equal(error.cause, undefined)
  })
}

t.test('a proxy that cannot be reached is temporary, and the error keeps its cause', async (t) => {
  const cause = new Error('connect ECONNREFUSED')
  const error = new ProxyError(new URL(OWN), cause)
  t.equal(error.message, 'the proxy http://proxy.example:3128')
  t.equal(error.cause, cause)
  t.equal(error.answer, null)
  t.equal(error.isTemporary, true)
})

t.test('temporary statuses are retried, and others are final', async (t) => {
  const passing = [...Array(500).keys()]
    .map((index) => index + 100)
    .filter((status) => new ProxyError(new URL(PLAIN), { status, challenge: null, wait: null }).isTemporary)
  t.strictSame(passing, [408, 425, 429, 500, 502, 503, 504])
})

t.test('the name of a proxy has neither user nor password', async (t) => {
  t.equal(nameOf(new URL('https://me:pw@[::1]:8443/x?y')), 'the proxy https://[::1]:8443')
})
