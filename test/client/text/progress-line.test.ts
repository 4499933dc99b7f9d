import type { DownloadProgress } from 'range-get'
import t from 'tap'
import { describeProgress, plainLine, progressLine } from '#client/text/progress-line.js'
import { widthOf } from '#client/text/text-width.js'

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

t.test('a line fits any number of columns, for every name and state', async (t) => {
  for (const name of NAMES)
    for (const state of STATES)
      for (const columns of [...Array(36).keys(), 39, 47, 62, 68, 79, 99, 131]) {
        const line = progressLine(name, { ...PROGRESS, ...state }, columns)
        if (widthOf(line) > columns) t.fail(`${columns} columns: ${line}`)
        if (/\p{Cc}/u.test(line)) t.fail(JSON.stringify(line))
      }
  t.pass('each of them')
})

t.test('the numbers stay longest when columns are few', async (t) => {
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
t.test('a description of progress has every piece in full', async (t) => {
  for (const [text, progress] of descriptions) t.equal(describeProgress({ ...PROGRESS, ...progress }), text)
})

t.test('pieces that do not fit are left out by rank, and the others use the free columns', async (t) => {
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
