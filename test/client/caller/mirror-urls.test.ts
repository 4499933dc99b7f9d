import t from 'tap'
import { mirrorsOf } from '#client/caller/mirror-urls.js'

t.test('mirrors are texts or URLs', async (t) => {
  t.strictSame(mirrorsOf([' http://a/ ', new URL('http://b/')]), ['http://a/', 'http://b/'])
  t.strictSame(mirrorsOf([]), [])
})

t.test('there may be 100 mirrors', async (t) => {
  const mirrors = Array.from({ length: 100 }, (_, index) => `http://a/${index}`)
  t.equal(mirrorsOf(mirrors).length, 100)
  t.throws(() => mirrorsOf([...mirrors, 'http://a/']), { message: 'there may be 100 mirrors, and no more' })
})

const throwing = new Proxy([], {
  get: () => {
    throw new Error('no')
  },
})

for (const [name, value] of [
  ['a text', 'http://a/'],
  ['null', null],
  ['an object', { 0: 'http://a/' }],
  ['a number in it', [1]],
  ['null in it', [null]],
  ['an object without href', [{}]],
  ['a promise in it', [Promise.reject(new Error('x'))]],
  ['too many', Array.from({ length: 101 }, (_, index) => `http://a/${index}`)],
  ['what throws', throwing],
] as const)
  t.test(`mirrors are refused: ${name}`, async (t) => {
    t.throws(() => mirrorsOf(value), { code: 'ERR_DOWNLOAD_USAGE' })
  })
