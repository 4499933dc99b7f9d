import t from 'tap'
import { checkKey, encodePath } from '#plugin/upstream/object-key.js'

for (const [path, reason] of [
  ['a/b.txt', undefined],
  ['.well-known/x', undefined],
  ['a..b/...', undefined],
  ['a b+c%2F', undefined],
  ['x'.repeat(1024), undefined],
  ['é'.repeat(513), 'too-long'],
  ['', 'empty-path'],
  ['a\0', 'nul'],
  ['a\\b', 'backslash'],
  ['\ud800', 'lone-surrogate'],
  ['..', 'outside-root'],
  ['a/../b', 'outside-root'],
  ['/a', 'leading-slash'],
  ['a/', 'trailing-slash'],
  ['a//b', 'empty-segment'],
  ['./a', 'dot-segment'],
] as const) {
  t.test(`the key ${JSON.stringify(path).slice(0, 20)} is ${reason ?? 'accepted'}`, async (t) => {
    t.strictSame(checkKey(path), reason === undefined ? { kind: 'key' } : { kind: 'refused', reason })
  })
}

t.test('all but unreserved characters are encoded, once', async (t) => {
  t.equal(
    encodePath("a/b c+d%e~f-g_h.i!'()*@=&:,;$é🎈"),
    'a/b%20c%2Bd%25e~f-g_h.i%21%27%28%29%2A%40%3D%26%3A%2C%3B%24%C3%A9%F0%9F%8E%88',
  )
})

t.test('what cannot be encoded is a coded error', async (t) => {
  for (const given of [undefined, 7, ['a'], '\ud800', 'a/\udc00'])
    t.throws(() => encodePath(given as string), { code: 'ERR_RANGE_OPTION' })
})
