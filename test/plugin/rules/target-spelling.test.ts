import t from 'tap'
import {
  asRegistered,
  decoded,
  hasDotSegment,
  hasEmptySegment,
  hasEncodedSlash,
  hasPlainFolders,
  hasReservedFolder,
  hasSemicolon,
  isExactTarget,
  isPlain,
  namesFile,
  pathOf,
  queryOf,
  withUnreservedReplaced,
} from '#plugin/rules/target-spelling.js'

t.test('RFC 9112 §3.2 the path of a target is taken without its origin, query and fragment', async (t) => {
  for (const [target, path] of [
    ['/', '/'],
    ['/files/a.txt', '/files/a.txt'],
    ['/files/a%20b?c/../d#e', '/files/a%20b'],
    ['/files/a#b?c', '/files/a'],
    ['//files/a', '//files/a'],
    ['http://test.invalid/files/a.txt', '/files/a.txt'],
    ['HTTPS://test.invalid:8080//files/a?b', '//files/a'],
    ['http://test.invalid', ''],
    ['http:///../files/a', 'http:///../files/a'],
    ['*', '*'],
    ['', ''],
  ] as const) {
    t.equal(pathOf(target), path, target)
  }
})

t.test('a path is plain when it has no second spelling', async (t) => {
  for (const path of [
    '',
    '/',
    '/a',
    '/files/a.txt',
    '/files/..a',
    '/a./b',
    '/...',
    '/.well-known/x',
    '/@a/b+c;d',
  ]) {
    t.ok(isPlain(path), path)
  }
  for (const path of [
    'a',
    '*',
    'http:///a',
    '//a',
    '/a//b',
    '/a/./b',
    '/a/..',
    '/.',
    '/a\\b',
    '/%41',
    '/a%',
  ]) {
    t.notOk(isPlain(path), path)
  }
})

t.test('RFC 3986 §6.2.2.3 dot segments and encoded dots at the start of a segment are found', async (t) => {
  for (const path of [
    '/.',
    '/..',
    '/a/./b',
    '/a/../b',
    '/a/.',
    '/%2e',
    '/%2E%2e/a',
    '/.%2e/a',
    '/a/.%2E',
    '/%2ehidden',
    '/a/%2Ehidden/b',
  ]) {
    t.ok(hasDotSegment(path), path)
  }
  for (const path of ['/a', '/.a', '/..a', '/...', '/a.', '/a%2e', '/a%2Eb', '/.%2ea', '/a%2f..', '/a..']) {
    t.notOk(hasDotSegment(path), path)
  }
})

t.test(
  'a URL names a file when one of its segments or parameters is the name of the file, in any extension',
  async (t) => {
    for (const [text, file] of [
      ['a.txt', 'a.txt'],
      ['/files/a.txt', 'folder/a.txt'],
      ['A.TXT', 'a.txt'],
      ['a/b.txt', 'b.txt'],
      ['files//a.txt//', 'b/a.txt'],
      ['2026', 'reports/2026.pdf'],
      ['a.jpg', 'a.webp'],
      ['e\u0301', '\u00e9'],
      ['.hidden', '.hidden'],
    ] as const) {
      t.ok(namesFile(['x', text], file), `${text} ${file}`)
    }
    for (const [text, file] of [
      ['https://test.invalid/a.jpg', 'thumb/8f2a.jpg'],
      ['deep', 'index.html'],
      ['ba.txt', 'a.txt'],
      ['a', 'a/b'],
      ['.hidden', '.other'],
    ] as const) {
      t.notOk(namesFile([text], file), `${text} ${file}`)
    }
    t.notOk(namesFile([], 'a'))
  },
)

t.test(
  'folders are plain when no letter, digit, `-`, `.` or `_` of them is encoded, whatever the last name is',
  async (t) => {
    for (const path of [
      '/files/a.txt',
      '/files/%41.txt',
      '/files/report%2D2026%5Ffinal%2Epdf',
      '/%7Euser/%40team/a',
      '/files/%252F%2541',
      '/a%20b/%E2%98%83/c',
      '/files/%30%39%41%5A%61%7A',
    ]) {
      t.ok(hasPlainFolders(path), path)
    }
    for (const path of [
      '/%70rivate/a',
      '/%50rivate/a',
      '/%5Ax/a',
      '/%7ax/a',
      '/%30/a',
      '/%39/a',
      '/a%2Db/a',
      '/a%5fb/a',
      '/a%2Eb/a',
      '/%41/',
      '/a%5cb',
      '/a%5Cb',
      '/a\\b',
    ]) {
      t.notOk(hasPlainFolders(path), path)
    }
    for (const path of ['/a%2Fb', '/a%2fb', '/files%2F']) t.ok(hasEncodedSlash(path), path)
    t.notOk(hasEncodedSlash('/a%252Fb/c'))
  },
)

t.test('a path is rewritten to the form that routes are registered in', async (t) => {
  t.equal(asRegistered('/%24%26%2B%2c%3A%3b%3D%40/x'), '/$&+,:;=@/x')
  t.equal(asRegistered('/a%2Fb%2fc%40'), '/a%2Fb%2fc@')
  t.equal(asRegistered('//a///b/c/'), '/a/b/c/')
  for (const path of ['/%41%2D%7E', '/%2540', '/%23%3F%25', '/%C3%A9%20', '/%28']) {
    t.equal(asRegistered(path), path)
  }
  t.ok(hasReservedFolder('/%40team/a'))
  t.notOk(hasReservedFolder('/team/a%40'))
  t.notOk(hasReservedFolder('/%20/a'))
  t.ok(hasEmptySegment('/a//'))
  t.notOk(hasEmptySegment('/a/b/'))
})

t.test('a semicolon that begins the query has one spelling in a path', async (t) => {
  t.equal(asRegistered('/a%3B%40', 'data'), '/a;@')
  t.equal(asRegistered('/a%3B%40', 'delimiter'), '/a%3B@')
  t.equal(asRegistered('/a%3b', 'delimiter'), '/a%3b')
  for (const target of ['/a%3bc', '/a%3Bc', '/a;c']) t.ok(hasSemicolon(target), target)
  t.notOk(hasSemicolon('/a%253bc'))
  t.equal(pathOf('/a;b?c', 'delimiter'), '/a')
  t.equal(pathOf('/a;b?c', 'data'), '/a;b')
  t.equal(queryOf('/a;b?c#d;e', 'delimiter'), ';b?c')
  t.equal(queryOf('/a;b?c#d;e', 'data'), '?c')
  t.equal(queryOf('http://ho;st/a', 'delimiter'), '')
  t.ok(isExactTarget('/a;b', 'data'))
  t.notOk(isExactTarget('/a%3Bb', 'data'))
  t.ok(isExactTarget('/a%3Bb;query%3b', 'delimiter'))
  t.notOk(isExactTarget('/a%3bb', 'delimiter'))
  t.notOk(isExactTarget('/%61;b', 'delimiter'))
})

t.test('encoded unreserved characters are replaced by one that no route contains', async (t) => {
  t.equal(withUnreservedReplaced('/%41%2d%2E%5f%39/%7E%20%2F/%41'), '/%40%40%40%40%40/%7E%20%2F/%41')
  t.equal(withUnreservedReplaced('/a'), '/a')
})

t.test('a target is exact when it is spelled as encodeURI spells it', async (t) => {
  for (const target of [
    '/',
    '/files/a.txt',
    '/files/a.txt?b=%2f//',
    '/files/a%20b',
    '/files/%E2%98%83',
    "/~user/@a:b+c,d;e=f&g$h!i'j(k)*",
    '/files/a%23b%3Fc%25',
  ]) {
    t.ok(isExactTarget(target), target)
  }
  for (const target of [
    '',
    '/files/%41',
    '/files/a%40b',
    '/files/%7Euser',
    '/files/%e2%98%83',
    '/files/☃',
    '/files/a b',
    '/files/a%2Fb',
    '/files//a',
    '/files/a%3fb',
    '/files/%',
    '/files/%ff',
    '/files/\ud800',
    'http://test.invalid/files/a.txt',
  ]) {
    t.notOk(isExactTarget(target), target)
  }
})

t.test('a text is decoded, and one with an invalid escape stays as it is', async (t) => {
  t.equal(decoded('/a%20%C3%A9%2F'), '/a é/')
  t.equal(decoded('/100%'), '/100%')
})
