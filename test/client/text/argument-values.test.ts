// How the values of a command line are read, and which ones are refused.
import t from 'tap'
import { durationMs, headersFrom, integer, sizeOf, usage, withScheme } from '#client/text/argument-values.js'

const SIZE = '--limit-rate takes 1 to 999999999999999 bytes, such as 4, 64k or 8M, not'
const TIME = (unit: string): string =>
  `--retry-delay takes a time from 50ms to 2h, such as 500ms, 2s or 1m (a number alone: ${unit}), not`
const WHOLE = '--retries takes a whole number from 0 to 123456789012345, not'
const SIZES = { least: 1, most: 999_999_999_999_999 }
const WHOLE_NUMBERS = { least: 0, most: 123_456_789_012_345 }
const TIMES = { least: 50, most: 7_200_000 }

t.test('a size is a number of bytes, or of powers of 1024 of them, within the limits', async (t) => {
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
    t.equal(sizeOf('limit-rate', text, SIZES), bytes, text)
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
    '1T1',
    '1000T',
    '1234567890123456',
  ])
    t.throws(() => sizeOf('limit-rate', text, SIZES), usage(`${SIZE} "${text}"`), text)
})

t.test('the examples of sizes are within the limits', async (t) => {
  for (const [limits, words] of [
    [{ least: 1, most: 3, below: '--b' }, 'a takes 1 to 3 bytes, less than --b, not "x"'],
    [{ least: 1, most: 9 }, 'a takes 1 to 9 bytes, such as 4, not "x"'],
    [{ least: 1, most: 65_536 }, 'a takes 1 to 65536 bytes, such as 4 or 64k, not "x"'],
    [{ least: 5, most: 8_388_608 }, 'a takes 5 to 8388608 bytes, such as 64k or 8M, not "x"'],
  ] as const)
    t.throws(() => sizeOf('a', 'x', limits), usage(`--${words}`), words)
})

t.test('a whole number is written in digits alone, within the limits', async (t) => {
  for (const [text, number] of [
    ['0', 0],
    ['007', 7],
    ['123456789012345', 123_456_789_012_345],
  ] as const)
    t.equal(integer('retries', text, WHOLE_NUMBERS), number, text)
  for (const text of [
    '',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    ' 1',
    '1 ',
    '1k',
    '123456789012346',
    '1234567890123456',
  ])
    t.throws(() => integer('retries', text, WHOLE_NUMBERS), usage(`${WHOLE} "${text}"`), text)
})

t.test('a time has a unit, or is a number of seconds or of milliseconds, within the limits', async (t) => {
  for (const [bareUnit, unitName] of [
    ['s', 'seconds'],
    ['ms', 'milliseconds'],
  ] as const) {
    const read = (text: string): number => durationMs('retry-delay', text, { limits: TIMES, bareUnit })
    for (const [text, ms] of [
      ['50ms', 50],
      ['0.05s', 50],
      ['50.4ms', 50],
      ['500MS', 500],
      ['2s', 2000],
      ['12.50S', 12_500],
      ['1m', 60_000],
      ['1.5m', 90_000],
      ['2h', 7_200_000],
      ['120M', 7_200_000],
    ] as const)
      t.equal(read(text), ms, `${text}, ${bareUnit}`)
    for (const text of ['', 's', '-1', '-1s', '.5s', '5.s', '1e3', '1,5s', '1 s', ' 1s', '1s ', '1ss', '1d'])
      t.throws(() => read(text), usage(`${TIME(unitName)} "${text}"`), text)
    for (const text of ['0', '0s', '49ms', '0.049s', '7201s', '121m', '3h', '1234567890ms'])
      t.throws(() => read(text), usage(`${TIME(unitName)} "${text}"`), text)
  }
  t.equal(durationMs('retry-delay', '2.5', { limits: TIMES, bareUnit: 's' }), 2500)
  t.equal(durationMs('delay', '250', { limits: TIMES, bareUnit: 'ms' }), 250)
})

t.test('the limits of a time are shown in their largest unit', async (t) => {
  for (const [limits, want] of [
    [{ least: 0, most: 1 }, 'from 0 to 1ms,'],
    [{ least: 1500, most: 3000 }, 'from 1500ms to 3s,'],
    [{ least: 60_000, most: 86_400_000 }, 'from 1m to 24h,'],
  ] as const)
    t.throws(() => durationMs('delay', 'x', { limits, bareUnit: 's' }), { message: new RegExp(want) }, want)
})

t.test('a header field is a name, a colon and a value, and blanks around each are left out', async (t) => {
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

t.test('a URL without a scheme begins with a host', async (t) => {
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
    ['/a', '/a'],
    ['\\a', '\\a'],
  ] as const)
    t.equal(withScheme(text), url, text)
})

t.test('a usage error says where the options are shown', async (t) => {
  t.match(usage('no'), { code: 'ERR_DOWNLOAD_USAGE', message: 'no (--help shows the options)' })
})

t.test('a size that another option leaves no value says why', async (t) => {
  const limits = { least: 1, most: 0, below: '--limit-rate' }
  const message = '--min-rate must be at least 1 and less than --limit-rate, not "1"'
  t.throws(() => sizeOf('min-rate', '1', limits), usage(message))
})
