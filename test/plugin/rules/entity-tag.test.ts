import t from 'tap'
import {
  type EntityTag,
  formatEntityTag,
  isOpaqueTag,
  parseEntityTag,
  parseEntityTags,
  strongMatch,
  weakMatch,
} from '#plugin/rules/entity-tag.js'

const strong = (opaque: string): EntityTag => ({ strength: 'strong', opaque })
const weak = (opaque: string): EntityTag => ({ strength: 'weak', opaque })

t.test('§8.8.3 a valid entity-tag is parsed, and written as it was', async (t) => {
  const cases = [
    { name: 'strong', value: '"xyzzy"', want: strong('xyzzy') },
    { name: 'weak', value: 'W/"xyzzy"', want: weak('xyzzy') },
    { name: 'empty', value: '""', want: strong('') },
    { name: 'weak and empty', value: 'W/""', want: weak('') },
    { name: 'with a comma', value: '"a,b"', want: strong('a,b') },
    { name: 'with a backslash, which escapes nothing', value: '"a\\"', want: strong('a\\') },
    { name: 'with an asterisk', value: '"*"', want: strong('*') },
    { name: 'with W/ inside', value: '"W/"', want: strong('W/') },
    { name: 'with the first and last of etagc', value: '"!~"', want: strong('!~') },
    { name: 'with obs-text', value: '"\x80\xff"', want: strong('\x80\xff') },
  ]
  for (const { name, value, want } of cases) {
    t.strictSame(parseEntityTag(value), want, `${name} (${value})`)
    t.equal(formatEntityTag(want), value, `${name}, written`)
  }
})

t.test('§8.8.3 an invalid entity-tag is refused', async (t) => {
  const cases = [
    { name: 'an empty text', value: '' },
    { name: 'no quotes', value: 'xyzzy' },
    { name: 'one quote', value: '"' },
    { name: 'no closing quote', value: '"xyzzy' },
    { name: 'no opening quote', value: 'xyzzy"' },
    { name: 'single quotes', value: "'xyzzy'" },
    { name: 'a weak mark in lower case', value: 'w/"xyzzy"' },
    { name: 'a weak mark without its slash', value: 'W"xyzzy"' },
    { name: 'a weak mark and a space', value: 'W/ "xyzzy"' },
    { name: 'two weak marks', value: 'W/W/"xyzzy"' },
    { name: 'a weak mark alone', value: 'W/' },
    { name: 'a space inside', value: '"xy zzy"' },
    { name: 'a tab inside', value: '"xy\tzzy"' },
    { name: 'DEL inside', value: '"xy\x7fzzy"' },
    { name: 'NUL inside', value: '"xy\0zzy"' },
    { name: 'a character beyond one byte', value: '"xyzzy☃"' },
    { name: 'an escaped quote', value: '"xy\\"zzy"' },
    { name: 'something behind', value: '"xyzzy"x' },
    { name: 'whitespace before', value: ' "xyzzy"' },
    { name: 'whitespace behind', value: '"xyzzy" ' },
    { name: 'a list', value: '"a","b"' },
    { name: 'an asterisk', value: '*' },
  ]
  for (const { name, value } of cases) t.equal(parseEntityTag(value), undefined, `${name} (${value})`)
})

t.test('§13.1.1 a list of entity tags is parsed up to its first mistake', async (t) => {
  const cases = [
    { name: 'one', value: '"a"', want: [strong('a')] },
    {
      name: 'several',
      value: '"xyzzy", "r2d2xxxx", "c3piozzzz"',
      want: ['xyzzy', 'r2d2xxxx', 'c3piozzzz'].map(strong),
    },
    { name: 'weak ones', value: 'W/"xyzzy", W/"r2d2xxxx"', want: [weak('xyzzy'), weak('r2d2xxxx')] },
    { name: 'without whitespace', value: '"a","b"', want: [strong('a'), strong('b')] },
    { name: 'OWS with tabs', value: '"a"\t ,\t "b"', want: [strong('a'), strong('b')] },
    { name: 'empty elements', value: ',"a",, ,"b",', want: [strong('a'), strong('b')] },
    { name: 'a comma inside a tag', value: '"a,b", "c"', want: [strong('a,b'), strong('c')] },
    {
      name: 'quotes and commas that could be split wrongly',
      value: '",", W/","',
      want: [strong(','), weak(',')],
    },
    { name: 'an empty field', value: '', want: [] },
    { name: 'an asterisk', value: '*', want: [] },
    { name: 'tags after a broken one are ignored', value: '"a", b, "c"', want: [strong('a')] },
    { name: 'a broken tag first', value: 'a, "b"', want: [] },
    { name: 'no comma between', value: '"a" "b"', want: [strong('a')] },
    { name: 'a tag that is not closed', value: '"a', want: [] },
    { name: 'a tag that is not closed behind one that is', value: '"a", "b', want: [strong('a')] },
    { name: 'a space inside a tag', value: '"a b"', want: [] },
    { name: 'a character beyond one byte', value: '"a\u0100"', want: [] },
  ]
  for (const { name, value, want } of cases) t.strictSame(parseEntityTags(value), want, `${name} (${value})`)
})

t.test('§8.8.3.2 tags are compared strongly and weakly as Table 3 says', async (t) => {
  const cases = [
    { a: weak('1'), b: weak('1'), isStrong: false, isWeak: true },
    { a: weak('1'), b: weak('2'), isStrong: false, isWeak: false },
    { a: weak('1'), b: strong('1'), isStrong: false, isWeak: true },
    { a: strong('1'), b: strong('1'), isStrong: true, isWeak: true },
    { a: strong('1'), b: strong('2'), isStrong: false, isWeak: false },
    { a: strong('a'), b: strong('A'), isStrong: false, isWeak: false },
    { a: strong('a'), b: strong('ab'), isStrong: false, isWeak: false },
  ]
  for (const { a, b, isStrong, isWeak } of cases) {
    const name = `${formatEntityTag(a)} and ${formatEntityTag(b)}`
    t.equal(strongMatch(a, b), isStrong, `${name}, strong`)
    t.equal(strongMatch(b, a), isStrong, `${name}, strong, the other way`)
    t.equal(weakMatch(a, b), isWeak, `${name}, weak`)
    t.equal(weakMatch(b, a), isWeak, `${name}, weak, the other way`)
  }
})

t.test('an opaque-tag contains no quotes, spaces, controls or characters beyond one byte', async (t) => {
  for (const opaque of ['', 'abc', '!#~', 'a,b', '\x80\xff'])
    t.ok(isOpaqueTag(opaque), JSON.stringify(opaque))
  for (const opaque of ['"', 'a b', '\t', '\x7f', '\r\n', '☃'])
    t.notOk(isOpaqueTag(opaque), JSON.stringify(opaque))
})
