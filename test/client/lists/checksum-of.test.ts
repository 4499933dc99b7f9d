import t from 'tap'
import { readChecksumFile } from '#client/lists/checksum-lines.js'
import { ChecksumList } from '#client/lists/checksum-of.js'

const hex = (digit: string, bytes = 32): string => digit.repeat(2 * bytes)
const list = (...lines: string[]): ChecksumList =>
  new ChecksumList(readChecksumFile(lines.join('\n'), 'SUMS').lines, 'SUMS')
const found = (sums: ChecksumList, url: string, name: string | null = null): string =>
  Buffer.from(sums.of(new URL(url), name).digest.value, 'base64')
    .toString('hex')
    .slice(0, 1)

t.test('a URL is of the file whose path is the end of its path, the longest one', async (t) => {
  const sums = list(
    `${hex('a')}  a.iso`,
    `${hex('b')}  ./x/a.iso`,
    `${hex('c')}  y/x/a.iso`,
    `${hex('d')}  .//b.iso`,
  )
  t.equal(found(sums, 'http://h/a.iso'), 'a')
  t.equal(found(sums, 'http://h/z/a.iso?q'), 'a')
  t.equal(found(sums, 'http://h/x/a.iso'), 'b')
  t.equal(found(sums, 'http://h/z/y/x/a.iso'), 'c')
  t.equal(found(sums, 'http://h/zx/a.iso'), 'a', 'not in the middle of a part')
  t.equal(found(sums, 'http://h/b.iso'), 'd')
  t.strictSame(
    sums.files.map(({ path }) => path),
    ['a.iso', 'x/a.iso', 'y/x/a.iso', 'b.iso'],
  )
})

t.test('otherwise the last part decides, if it is of one file', async (t) => {
  const sums = list(
    `${hex('a')}  x/a.iso`,
    `${hex('b')}  /home/me/b.iso`,
    `${hex('c')}  x/c.iso`,
    `${hex('d')}  y/c.iso`,
    `${hex('e')}  x/e`,
    `${hex('e')}  y/e`,
  )
  t.equal(found(sums, 'http://h/a.iso'), 'a')
  t.equal(found(sums, 'http://h/b.iso'), 'b')
  t.equal(found(sums, 'http://h/e'), 'e', 'both have the same digest')
  t.throws(() => sums.of(new URL('http://h/c.iso')), {
    code: 'ERR_DOWNLOAD_USAGE',
    message: 'c.iso may be one of several in SUMS: x/c.iso, y/c.iso',
  })
})

t.test('of many files with one last part, a message names a few', async (t) => {
  const many = Array.from({ length: 8 }, (_, at) => `${hex(String(at))}  ${at}/index.html`)
  t.equal(found(list(...many), 'http://h/x/7/index.html'), '7')
  t.throws(() => list(...many).of(new URL('http://h/index.html')), {
    message: `index.html may be one of several in SUMS: ${[0, 1, 2, 3, 4].map((at) => `${at}/index.html`).join(', ')}, and 3 more`,
  })
})

t.test('a large list is read and looked up in the time that its size takes', async (t) => {
  const size = 60_000
  const sums = list(...Array.from({ length: size }, (_, at) => `${hex('a')}  ${at}/index.html`))
  for (let at = 0; at < size; at++)
    if (sums.of(new URL(`http://h/${at}/index.html`)).path !== `${at}/index.html`) t.fail(String(at))
})

t.test('names are compared without percent-encoding', async (t) => {
  t.equal(found(list(`${hex('a')}  a b+c.iso`), 'http://h/a%20b+c.iso'), 'a')
})

t.test('if the URL has no such name, that of the file is looked up', async (t) => {
  const sums = list(`${hex('a')}  a.iso`, `${hex('b')}  b.iso`)
  t.equal(found(sums, 'http://h/download?id=5', 'b.iso'), 'b')
  t.equal(found(sums, 'http://h/a.iso', 'b.iso'), 'a')
})

t.test('a file that is not in the list is an error', async (t) => {
  const sums = list(`${hex('a')}  a.iso`, `${hex('5', 16)}  c.iso`)
  t.throws(() => sums.of(new URL('http://u:p@h/b.iso?token')), {
    message: 'http://h/b.iso: SUMS does not have b.iso',
  })
  t.throws(() => sums.of(new URL('http://h/b.iso'), 'd'), {
    message: 'http://h/b.iso: SUMS does not have b.iso',
  })
  t.throws(() => sums.of(new URL('http://h/')), { message: 'http://h/: SUMS does not have its name' })
  t.throws(() => sums.of(new URL('http://h/c.iso')), {
    message:
      'http://h/c.iso: SUMS has no sha-256 or sha-512 digest of c.iso. Others, such as md5 and sha-1, only prove that a file is not damaged',
  })
})

t.test('a digest alone is for any URL, and only if it is alone', async (t) => {
  t.equal(found(list(hex('a')), 'http://h/anything'), 'a')
  t.throws(() => list(hex('a'), `${hex('b')}  b`).of(new URL('http://h/anything')), {
    message: /does not have anything/,
  })
  t.throws(() => list(`${hex('b')}  b`).of(new URL('http://h/anything')), {
    message: /does not have anything/,
  })
})

t.test('of two digests of one file the stronger one counts, in any order', async (t) => {
  const [weak, strong] = [`${hex('a')}  f`, `${hex('b', 64)}  f`]
  for (const lines of [
    [weak, strong],
    [strong, weak],
    [weak, strong, weak],
    [`${hex('5', 16)}  f`, weak, strong],
  ])
    t.strictSame(list(...lines).of(new URL('http://h/f')).digest.algorithm, 'sha-512')
  t.equal(found(list(weak, weak), 'http://h/f'), 'a')
})

t.test('two digests of one algorithm for one file are an error', async (t) => {
  t.throws(() => list(`${hex('a')}  f`, `${hex('b')}  ./f`), {
    code: 'ERR_DOWNLOAD_USAGE',
    message: 'SUMS:2: f has another digest in a line above',
  })
  t.throws(() => list(hex('a'), hex('b')), { message: 'SUMS:2: the file has another digest in a line above' })
})

t.test('a list without a strong digest is an error', async (t) => {
  t.throws(() => list(), { message: 'SUMS has no checksums' })
  t.throws(() => list(`${hex('5', 16)}  f`), {
    message:
      'SUMS has no sha-256 or sha-512 digest of it. Others, such as md5 and sha-1, only prove that a file is not damaged',
  })
})
