import t from 'tap'
import { folderLocation, isFolderTarget } from '#plugin/rules/folder-location.js'

for (const { name, target, folder, location } of [
  { name: 'a folder', target: '/files/docs', folder: 'docs', location: './docs/' },
  { name: 'a folder in a folder', target: '/files/a/b', folder: 'a/b', location: './b/' },
  { name: 'the root, under any name', target: '/files', folder: '', location: './files/' },
  { name: 'a query', target: '/docs?a=1&b=//c', folder: 'docs', location: './docs/?a=1&b=//c' },
  { name: 'an empty query', target: '/docs?', folder: 'docs', location: './docs/?' },
  {
    name: 'a query with a question mark, and a fragment',
    target: '/docs?a?b#c',
    folder: 'docs',
    location: './docs/?a?b',
  },
  { name: 'two slashes before it', target: '//docs', folder: 'docs', location: './docs/' },
  { name: 'an absolute form', target: 'http://host/docs?q', folder: 'docs', location: './docs/?q' },
  { name: 'a host like a folder', target: '//evil.example/docs', folder: 'docs', location: './docs/' },
  {
    name: 'a colon (RFC 3986 §4.2)',
    target: '/javascript:x',
    folder: 'javascript:x',
    location: './javascript:x/',
  },
  {
    name: 'an encoded name, as it was sent',
    target: '/%C3%BC%20a',
    folder: 'ü a',
    location: './%C3%BC%20a/',
  },
  { name: 'bytes that are not ASCII', target: '/d?\x80\xfc\xff', folder: 'd', location: './d/?%80%FC%FF' },
  {
    name: 'characters beyond bytes',
    target: '/d?☃\u{1f600}',
    folder: 'd',
    location: './d/?%E2%98%83%F0%9F%98%80',
  },
  { name: 'half a character', target: '/d?\ud800', folder: 'd', location: './d/?%EF%BF%BD' },
  {
    name: 'a backslash, a space and a line break',
    target: '/d?\\ \r\n',
    folder: 'd',
    location: './d/?%5C%20%0D%0A',
  },
  { name: 'a URL of another folder', target: '/other', folder: 'docs', location: undefined },
  { name: 'a slash at the end', target: '/docs/', folder: 'docs', location: undefined },
  { name: 'an encoded slash', target: '/by-key/a%2Fb', folder: 'a/b', location: undefined },
  { name: 'the root of the server', target: '/', folder: '', location: undefined },
]) {
  t.test(`the Location for ${name} is ${location ?? 'none'}`, async (t) => {
    t.equal(folderLocation(target, folder, 'data'), location)
    if (location === undefined) return
    const base = new URL(target.startsWith('/') ? `http://host${target}` : target)
    t.equal(new URL(location, base).host, 'host')
  })
}

t.test('a target is one of a folder if its path ends in a slash', async (t) => {
  for (const target of ['/', '/a/', '/a/?b', 'http://host/']) t.ok(isFolderTarget(target, 'data'), target)
  for (const target of ['/a', '/a?b/', '/a#/', '/a%2F', '']) t.notOk(isFolderTarget(target, 'data'), target)
})

t.test(
  'RFC 3986 §3.3 a semicolon is data of a segment, or starts the query of a router that says so',
  async (t) => {
    for (const [target, folder, data, delimiter] of [
      ['/docs;a=b', 'docs', undefined, './docs/;a=b'],
      ['/docs;a=b', 'docs;a=b', './docs;a=b/', undefined],
      ['/docs;a?b;c#d', 'docs', undefined, './docs/;a?b;c'],
      ['/docs?a;b', 'docs', './docs/?a;b', './docs/?a;b'],
      ['/docs#a?b;c', 'docs', './docs/', './docs/'],
      ['/a%3Bb', 'a;b', './a%3Bb/', './a%3Bb/'],
      ['/docs;a?b/c', 'docs', undefined, './docs/;a?b/c'],
      ['/docs;a/b', 'docs', undefined, undefined],
      ['/docs;a\\b', 'docs', undefined, undefined],
      ['http://ho;st/docs;a', 'docs', undefined, './docs/;a'],
      ['/docs/;a', 'docs', undefined, undefined],
    ] as const) {
      t.equal(folderLocation(target, folder, 'data'), data, `${target}, data`)
      t.equal(folderLocation(target, folder, 'delimiter'), delimiter, `${target}, delimiter`)
    }
    t.ok(isFolderTarget('/a/;b', 'delimiter'))
    t.notOk(isFolderTarget('/a/;b', 'data'))
    t.notOk(isFolderTarget('/a;b/', 'delimiter'))
    t.ok(isFolderTarget('/a;b/', 'data'))
  },
)
