// Values as they are written on the command line: what is read from them, and what is refused.
import t from 'tap'
import { decimal, headersFrom, integer, sizeOf, usage, withScheme } from '#client/text/argument-values.js'

const SIZE = '--limit-rate takes a size such as 4, 64k or 8M, not'
const SECONDS = '--retry-delay takes a number of seconds, not'
const WHOLE = '--retries takes a whole number, not'

t.test('sizes: bytes, or powers of 1024', async (t) => {
  for (const [text, bytes] of [
    ['1', 1],
    ['4', 4],
    ['64k', 65_536],
    ['64K', 65_536],
    ['64kb', 65_536],
    ['64KiB', 65_536],
    ['8M', 8_388_608],
    ['1.5G', 1_610_612_736],
    ['2T', 2_199_023_255_552],
    ['1.9', 1],
    ['7B', 7],
    ['999999999999999', 999_999_999_999_999],
  ] as const)
    t.equal(sizeOf('limit-rate', text), bytes, text)
  for (const text of [
    '',
    '0',
    '0.9',
    '-1',
    '1e3',
    '1x',
    '1kk',
    'k',
    '.5k',
    '1.k',
    ' 1',
    '1 ',
    '1234567890123456',
  ])
    t.throws(() => sizeOf('limit-rate', text), usage(`${SIZE} "${text}"`), text)
})

t.test('whole numbers', async (t) => {
  for (const [text, number] of [
    ['0', 0],
    ['007', 7],
    ['123456789012345', 123_456_789_012_345],
  ] as const)
    t.equal(integer('retries', text), number, text)
  for (const text of ['', '-1', '+1', '1.0', '1e3', '0x10', ' 1', '1 ', '1k', '1234567890123456'])
    t.throws(() => integer('retries', text), usage(`${WHOLE} "${text}"`), text)
})

t.test('seconds, which may have a fraction', async (t) => {
  for (const [text, number] of [
    ['0', 0],
    ['0.05', 0.05],
    ['12.50', 12.5],
    ['123456789', 123_456_789],
  ] as const)
    t.equal(decimal('retry-delay', text), number, text)
  for (const text of ['', '-1', '.5', '5.', '1e3', '1,5', '1s', ' 1', '1 ', '1234567890'])
    t.throws(() => decimal('retry-delay', text), usage(`${SECONDS} "${text}"`), text)
})

t.test('header fields: a name, a colon, a value, blanks around each left out', async (t) => {
  t.strictSame(headersFrom(['a: b', 'X-Y:z', 'c :  d: e ', 'empty:']), [
    ['a', 'b'],
    ['X-Y', 'z'],
    ['c', 'd: e'],
    ['empty', ''],
  ])
  t.strictSame(headersFrom([]), [])
  for (const line of ['', 'a', ': b', 'a b'])
    t.throws(() => headersFrom(['a: b', line]), usage("a header field is written 'Name: value'"), line)
})

t.test('URLs: what has no scheme is a host', async (t) => {
  for (const [text, url] of [
    ['example.com/a', 'http://example.com/a'],
    ['localhost:8080/a', 'http://localhost:8080/a'],
    [' example.com ', 'http://example.com'],
    ['http://a/', 'http://a/'],
    ['HTTPS://a/', 'HTTPS://a/'],
    [' https://a/ ', 'https://a/'],
    ['x-2.y+z://a', 'x-2.y+z://a'],
    ['a/http://b', 'http://a/http://b'],
    ['1http://a', 'http://1http://a'],
    ['http:/a', 'http://http:/a'],
  ] as const)
    t.equal(withScheme(text), url, text)
})

t.test('a usage error says where the options are shown', async (t) => {
  t.match(usage('no'), { code: 'ERR_DOWNLOAD_USAGE', message: 'no (--help shows the options)' })
})
