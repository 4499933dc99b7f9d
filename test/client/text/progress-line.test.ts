// The line about a download: what stays when there are few columns, and how wide texts are.
import type { DownloadProgress } from 'range-get'
import t from 'tap'
import { jsonLine, oneLine } from '#client/text/one-line.js'
import { describeProgress, plainLine, progressLine } from '#client/text/progress-line.js'
import { formatDuration, formatSize } from '#client/text/quantities.js'
import { shortenEnd, shortenMiddle, widthOf } from '#client/text/text-width.js'

const PROGRESS: DownloadProgress = {
  state: 'downloading',
  received: 50_000_000,
  resumed: 0,
  total: 100_000_000,
  speed: 1_000_000,
  eta: 50,
  connections: 4,
  retryIn: 0,
  message: '',
}
const NAMES = [
  'a',
  'file.bin',
  'x'.repeat(300),
  '日本語'.repeat(40),
  '🎉👨‍👩‍👧❤️🇨🇳'.repeat(20),
  'e\u0301'.repeat(90),
  '\u0000\u009b',
]
const STATES: Partial<DownloadProgress>[] = [
  {},
  { total: null, eta: null },
  { total: 0, received: 0, eta: null },
  { received: 200_000_000 },
  { message: 'the server allows one connection only\r\n\u001b[2J' },
  { state: 'waiting', retryIn: 12_345, message: '接続できません'.repeat(20) },
  { state: 'paused' },
  { state: 'verifying' },
]

t.test('it fits any number of columns, whatever the name and the state', async (t) => {
  for (const name of NAMES)
    for (const state of STATES)
      for (const columns of [...Array(36).keys(), 39, 47, 62, 68, 79, 99, 131]) {
        const line = progressLine(name, { ...PROGRESS, ...state }, columns)
        if (widthOf(line) > columns) t.fail(`${columns} columns: ${line}`)
        if (/\p{Cc}/u.test(line)) t.fail(JSON.stringify(line))
      }
  t.pass('each of them')
})

t.test('the numbers stay longest', async (t) => {
  const at = (columns: number): string => progressLine('a-rather-long-name.bin', PROGRESS, columns)
  const rows: [number, string][] = [
    [3, '50%'],
    [12, 'a-r….bin 50%'],
    [13, '50%, 50s left'],
    [20, '50%, 50s left'],
    [23, 'a-ra….bin 50%, 50s left'],
    [36, '50% 47.7 MiB / 95.4 MiB, 50s left'],
    [47, '50% 47.7 MiB / 95.4 MiB, 976.6 KiB/s, 50s left'],
    [56, 'a-ra….bin 50% 47.7 MiB / 95.4 MiB, 976.6 KiB/s, 50s left'],
    [75, 'a-rath…me.bin 50% 47.7 MiB / 95.4 MiB, 976.6 KiB/s, 50s left, 4 connections'],
    [
      120,
      'a-rather-long-name.bin ██████████░░░░░░░░░░ 50% 47.7 MiB / 95.4 MiB, 976.6 KiB/s, 50s left, 4 connections',
    ],
  ]
  for (const [columns, line] of rows) t.equal(at(columns), line, `${columns} columns`)
  const waiting = { ...PROGRESS, state: 'waiting', retryIn: 5000, message: 'no answer' } as const
  t.equal(plainLine('n', PROGRESS, 1000).match(/[█░]/u), null, 'a plain line has no bar')
  t.match(progressLine('n', PROGRESS, 1000), /[█░]/u)
  t.equal(progressLine('n', waiting, 22), 'n 50%, retrying in 5s')
  t.equal(progressLine('n', { ...PROGRESS, state: 'paused' }, 20), 'n 50%, paused')
})

t.test('widths', async (t) => {
  const rows: [string, number][] = [
    ['', 0],
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['🎉', 2],
    ['ｶﾞ', 2],
    ['한국', 4],
  ]
  for (const [text, width] of rows) t.equal(widthOf(text), width, text)
  t.ok(widthOf('❤️') >= 2 && widthOf('👨‍👩‍👧') >= 2, 'as wide as the terminal that draws the most')
})

t.test('shortened, never inside a character', async (t) => {
  t.equal(shortenMiddle('abcdefghij', 10), 'abcdefghij')
  t.equal(shortenMiddle('abcdefghij', 5), 'ab…ij')
  t.equal(shortenMiddle('abcdefghij', 4), 'a…ij')
  t.equal(shortenMiddle('abcdefghij', 1), '…')
  t.equal(shortenMiddle('abcdefghij', 0), '')
  t.equal(shortenMiddle('日本語日本語.bin', 9), '日本….bin')
  t.equal(shortenMiddle('🇨🇳🇩🇪🇫🇷.bin', 8), '🇨🇳….bin')
  t.equal(shortenEnd('日本語', 5), '日本…')
})

const STEERING = [
  '\u0000',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u009b',
  '\u2028',
  '\u2029',
  '\u061c',
  '\u200e',
  '\u200f',
  '\u202a',
  '\u202e',
  '\u2066',
  '\u2069',
  '\ufeff',
  '\u{e0001}',
  '\ud800',
]

t.test('what could steer a terminal is escaped, for people and in JSON', async (t) => {
  for (const character of STEERING) {
    const text = oneLine(`a${character}b`)
    t.match(text, /^a(?:\\u[0-9a-f]{4})+b$/)
    const line = jsonLine({ name: `a${character}b` })
    t.match(line, /^\{"name":"a(?:\\u[0-9a-f]{4})+b"\}$/)
    t.strictSame(JSON.parse(line), { name: `a${character}b` }, 'the value is the same')
  }
  t.equal(oneLine(' two\r\nlines\tand a tab\n'), 'two lines and a tab')
  t.equal(oneLine('👨‍👩‍👧 日本 é'), '👨‍👩‍👧 日本 é')
})

const descriptions: [text: string, progress: Partial<DownloadProgress>][] = [
  ['47.7 MiB / 95.4 MiB, 976.6 KiB/s, 50s left, 4 connections', {}],
  ['47.7 MiB / 95.4 MiB, 0 B/s, 1 connection', { speed: 0, eta: null, connections: 1 }],
  ['47.7 MiB, 976.6 KiB/s, 0 connections', { total: null, eta: null, connections: 0 }],
  ['47.7 MiB / 95.4 MiB, 976.6 KiB/s, 50s left, 4 connections; why', { message: 'why' }],
  ['47.7 MiB / 95.4 MiB, retrying in 3s: why', { state: 'waiting', retryIn: 2001, message: 'why' }],
  ['47.7 MiB / 95.4 MiB, retrying in 0s', { state: 'waiting' }],
  ['47.7 MiB / 95.4 MiB, paused: any key resumes, q stops', { state: 'paused', message: 'why' }],
  ['47.7 MiB / 95.4 MiB, verifying', { state: 'verifying', message: 'why' }],
]
t.test('where a download stands, as long as it takes', async (t) => {
  for (const [text, progress] of descriptions) t.equal(describeProgress({ ...PROGRESS, ...progress }), text)
})

t.test('what is too wide is left out by rank, and what is left is spread over the columns', async (t) => {
  const line = (columns: number, progress: Partial<DownloadProgress>): string =>
    progressLine('a-rather-long-name.bin', { ...PROGRESS, ...progress }, columns)
  t.equal(line(31, { total: null, eta: null }), 'a-ra….bin 47.7 MiB, 976.6 KiB/s')
  t.equal(line(8, { total: null, eta: null }), '47.7 MiB')
  t.equal(line(7, { total: null, eta: null }), '47.7 M…')
  t.equal(line(0, {}), '')
  t.equal(line(2, {}), '5…')
  t.equal(line(40, { received: 0 }), '0% 0 B / 95.4 MiB, 976.6 KiB/s, 50s left')
  t.equal(line(300, { received: 0 }).match(/█*░+/u)?.[0], '░'.repeat(20))
  t.equal(line(300, { received: 99_999_999 }).match(/█+░*/u)?.[0], `${'█'.repeat(19)}░`)
  t.match(line(300, { received: 99_999_999 }), / 99% /, 'it is not complete until it is')
  t.match(line(300, { received: 200_000_000 }), / █{20} 100% /u)
  t.equal(
    line(300, { total: 0, received: 0 }),
    'a-rather-long-name.bin 0 B / 0 B, 976.6 KiB/s, 50s left, 4 connections',
  )
  const waiting = { state: 'waiting', retryIn: 9000, message: 'the connection was refused' } as const
  t.equal(line(47, waiting), '50% 47.7 MiB / 95.4 MiB, retrying in 9s')
  t.equal(line(48, waiting), 'a-r….bin 50% 47.7 MiB / 95.4 MiB, retrying in 9s')
})

t.test('sizes and times for people', async (t) => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [0.4, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 2, '1.0 MiB'],
    [1024 ** 3, '1.0 GiB'],
    [1024 ** 4, '1.0 TiB'],
    [5000 * 1024 ** 4, '5000.0 TiB'],
  ] as const)
    t.equal(formatSize(bytes), text)
  for (const [seconds, text] of [
    [0, '0s'],
    [0.1, '1s'],
    [59, '59s'],
    [59.1, '1m00s'],
    [187, '3m07s'],
    [3599, '59m59s'],
    [3600, '1h00m'],
    [7500, '2h05m'],
    [7559, '2h05m'],
    [360_000, '100h00m'],
  ] as const)
    t.equal(formatDuration(seconds), text)
})
