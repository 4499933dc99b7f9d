import t from 'tap'
import { HAND_OVER_FIELDS, type HandOver, handOverField, isHandOver } from '#plugin/rules/hand-over.js'

const NGINX: HandOver = { header: 'X-Accel-Redirect', prefix: '/__files/' }
const APACHE: HandOver = { header: 'X-Sendfile' }
const ROOT = '/srv/my files'

/** Names, and the value for nginx. The value for Apache is the path itself, in UTF-8. */
const NAMES: readonly (readonly [segments: readonly string[], encoded: string])[] = [
  [['a.txt'], 'a.txt'],
  [['a', 'b', 'c.txt'], 'a/b/c.txt'],
  [['a b'], 'a%20b'],
  [['a?b'], 'a%3Fb'],
  [['a#b'], 'a%23b'],
  [['a+b'], 'a%2Bb'],
  [['a;b&c=d,e:f@g'], 'a%3Bb%26c%3Dd%2Ce%3Af%40g'],
  [["it's"], "it's"],
  [['"'], '%22'],
  [['<[{|^`}]>'], '%3C%5B%7B%7C%5E%60%7D%5D%3E'],
  [['é'], '%C3%A9'],
  [['e\u0301'], 'e%CC%81'],
  [['😀'], '%F0%9F%98%80'],
  [['a\u2028b'], 'a%E2%80%A8b'],
  [[' a'], '%20a'],
]

/** Names that mod_xsendfile could read as other names, or that no field can have. */
const ONLY_NGINX: typeof NAMES = [
  [['100%'], '100%25'],
  [['%2e%2e', 'a'], '%252e%252e/a'],
  [['a%20b'], 'a%2520b'],
  [['a '], 'a%20'],
  [['a\u00a0'], 'a%C2%A0'],
  [['a\tb'], 'a%09b'],
  [['a\r\nX-Sendfile: '], 'a%0D%0AX-Sendfile%3A%20'],
  [['a\x7f'], 'a%7F'],
  [['a\\b'], 'a%5Cb'],
]

t.test('nginx gets the path with each segment encoded', async (t) => {
  for (const [segments, encoded] of [...NAMES, ...ONLY_NGINX]) {
    const field = handOverField(NGINX, { root: ROOT, segments })
    t.strictSame(field, { name: 'X-Accel-Redirect', value: `/__files/${encoded}` }, encoded)
    t.match(field?.value, /^[\x21-\x7e]*$/, `${encoded} is ASCII without spaces`)
  }
})

t.test('Apache gets the absolute path, as bytes of UTF-8', async (t) => {
  for (const [segments, encoded] of NAMES) {
    const field = handOverField(APACHE, { root: ROOT, segments })
    const path = Buffer.from(field?.value ?? '', 'latin1').toString('utf8')
    t.equal(path, `${ROOT}/${segments.join('/')}`, encoded)
    t.equal(field?.name, 'X-Sendfile')
  }
  const { value } = handOverField(APACHE, { root: '/', segments: ['a'] }) ?? {}
  t.equal(value, '/a', 'below the root of the system')
})

t.test('a name that Apache could read as another one is not handed over', async (t) => {
  for (const [segments, encoded] of ONLY_NGINX)
    t.equal(handOverField(APACHE, { root: ROOT, segments }), undefined, encoded)
  t.equal(
    handOverField(APACHE, { root: '/srv/100%', segments: ['a'] }),
    undefined,
    'nor is one below such a root',
  )
})

t.test('a value that is too long for the head of an answer is not handed over', async (t) => {
  const segments = (count: number): string[] => ['x'.repeat(count)]
  t.ok(handOverField(NGINX, { root: ROOT, segments: segments(2048 - '/__files/'.length) }))
  t.equal(handOverField(NGINX, { root: ROOT, segments: segments(2049 - '/__files/'.length) }), undefined)
  t.equal(handOverField(APACHE, { root: ROOT, segments: segments(2048) }), undefined)
})

t.test('a hand-over is one of two forms', async (t) => {
  for (const value of [NGINX, APACHE]) t.ok(isHandOver(value))
  const others = [NGINX, APACHE].map((value) => ({ ...value, root: '/srv' }))
  for (const value of [null, 'X-Sendfile', {}, { header: 'X-Sendfile', prefix: '/a/' }, ...others])
    t.notOk(isHandOver(value), JSON.stringify(value))
  for (const prefix of [
    '/',
    'a/',
    '/a',
    '/a//b/',
    '/../',
    '/./',
    '/a/../',
    '/a b/',
    '/%61/',
    '/a?/',
    '@a/',
    '\\a/',
  ])
    t.notOk(isHandOver({ ...NGINX, prefix }), prefix)
  for (const prefix of ['/a/', '/a/b/', '/.a/', '/..a/', '/...'])
    t.equal(isHandOver({ ...NGINX, prefix }), prefix !== '/...')
})

t.test('the names of the fields are in lower case, and ours are among them', async (t) => {
  for (const name of HAND_OVER_FIELDS) t.equal(name, name.toLowerCase())
  for (const { header } of [NGINX, APACHE]) t.ok(HAND_OVER_FIELDS.includes(header.toLowerCase()))
})
