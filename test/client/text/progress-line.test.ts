import fc from 'fast-check'
import type { DownloadProgress } from 'range-get'
import t from 'tap'
import { progressLine } from '#client/text/progress-line.js'
import { plainStyle } from '#client/text/style.js'
import { widthOf } from '#client/text/text-width.js'

const PROGRESS: DownloadProgress = {
  state: 'downloading',
  path: '/home/me/file.iso',
  received: 50_000_000,
  resumed: 0,
  total: 100_000_000,
  speed: 1_000_000,
  eta: 50_000,
  connections: 4,
  retryIn: 0,
  attempt: 0,
  attempts: 0,
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
  '\u202egpj.exe',
]
const WAITING = { state: 'waiting', retryIn: 12_345, attempt: 2, attempts: 6 } as const
const STATES: Partial<DownloadProgress>[] = [
  {},
  { total: null, eta: null },
  { total: 0, received: 0, eta: null },
  { received: 200_000_000 },
  { message: 'the server allows one connection only\r\n\u001b[2J' },
  { ...WAITING, message: '接続できません'.repeat(20) },
  { state: 'paused' },
  { state: 'verifying' },
]
const style = plainStyle('all')
const CHARACTERS = ['all', 'names', 'ascii'] as const

t.test('a line fits any number of columns, for every name and state', async (t) => {
  for (const name of NAMES)
    for (const state of STATES)
      for (const columns of [...Array(36).keys(), 39, 47, 62, 68, 79, 99, 131]) {
        const characters = CHARACTERS[columns % 3] ?? 'all'
        const view = { style: plainStyle(characters), columns, isBar: columns % 2 === 0 }
        const line = progressLine(name, { ...PROGRESS, ...state }, view)
        if (widthOf(line) > columns) t.fail(`${columns} columns: ${line}`)
        if (/[\p{Cc}\u202e]/u.test(line)) t.fail(JSON.stringify(line))
        if (characters === 'ascii' && /\P{ASCII}/u.test(line)) t.fail(line)
      }
  t.pass('each of them')
})

t.test('percentage, size, speed and time left are there in 29 columns, whatever they are', async (t) => {
  const numbers = fc.record({
    total: fc.double({ min: 1, max: 2 ** 50, noNaN: true }),
    share: fc.double({ min: 0, max: 0.999, noNaN: true }),
    speed: fc.double({ min: 1, max: 2 ** 40, noNaN: true }),
    columns: fc.integer({ min: 29, max: 130 }),
  })
  fc.assert(
    fc.property(numbers, ({ total, share, speed, columns }) => {
      const received = total * share
      const progress = { ...PROGRESS, total, received, speed, eta: (1000 * (total - received)) / speed }
      const line = progressLine('a-rather-long-name.bin', progress, { style, columns, isBar: true })
      const number = '[>\\d.]+ ?'
      const wanted = [`\\d+%`, `${number}[KMGTP]?i?B`, `${number}[KMGTP]?i?B/s`, `${number}(s|min|h|d|years)`]
      return new RegExp(wanted.join('.* ')).test(line)
    }),
    { numRuns: 2000 },
  )
  t.pass('each of them')
})

t.test('the numbers stay longest when columns are few', async (t) => {
  const at = (columns: number): string =>
    progressLine('a-rather-long-name.bin', PROGRESS, { style, columns, isBar: true })
  const rows: [number, string][] = [
    [3, '50%'],
    [12, '50% 50s'],
    [28, '50% 95.4MiB 977KiB/s 50s'],
    [29, '50% 95.4 MiB 977 KiB/s 50 s'],
    [39, 'a-ra….bin 50% 95.4 MiB 977 KiB/s 50 s'],
    [59, 'a-rathe…name.bin 50% 47.7 / 95.4 MiB, 977 KiB/s, 50 s left'],
    [79, 'a-rather-long-name.bin ██████░░░░░░░ 50% 47.7 / 95.4 MiB, 977 KiB/s, 50 s left'],
    [99, 'a-rather-long-name.bin ██████████░░░░░░░░░░ 50% 47.7 / 95.4 MiB, 977 KiB/s, 50 s left'],
    [
      120,
      'a-rather-long-name.bin ██████████░░░░░░░░░░ 50% 47.7 / 95.4 MiB, 977 KiB/s, 50 s left, 4 connections',
    ],
  ]
  for (const [columns, line] of rows) t.equal(at(columns), line, `${columns} columns`)
})

t.test('in every state the words that matter stay longest', async (t) => {
  const at = (columns: number, state: Partial<DownloadProgress>): string =>
    progressLine('file.bin', { ...PROGRESS, ...state }, { style, columns, isBar: true })
  const waiting = { ...WAITING, message: 'the connection was refused (ECONNREFUSED)' }
  const rows: [number, Partial<DownloadProgress>, string][] = [
    [79, waiting, 'file.bin 50% 47.7 / 95.4 MiB, attempt 2 of 6 in 13 s: the connection was refus…'],
    [59, waiting, 'file.bin 50% 47.7 / 95.4 MiB, attempt 2 of 6 in 13 s'],
    [39, waiting, 'file.bin 50% 95.4 MiB try 2/6 in 13 s'],
    [29, waiting, '50% 95.4 MiB try 2/6 in 13 s'],
    [69, { state: 'paused' }, 'file.bin 50% 47.7 / 95.4 MiB, paused: any key resumes, q stops'],
    [29, { state: 'paused' }, 'file.bin 50% 95.4 MiB paused'],
    [39, { state: 'verifying' }, 'file.bin 50% 47.7 / 95.4 MiB, verifying'],
    [39, { total: null, eta: null }, 'file.bin 47.7 MiB, 977 KiB/s'],
    [39, { total: 0, received: 0, eta: null }, 'file.bin 0 B, 977 KiB/s, 4 connections'],
  ]
  for (const [columns, state, line] of rows) t.equal(at(columns, state), line, `${columns} columns`)
})

const descriptions: [text: string, progress: Partial<DownloadProgress>][] = [
  ['file: 50% 47.7 / 95.4 MiB, 977 KiB/s, 50 s left, 4 connections', {}],
  ['file: 50% 47.7 / 95.4 MiB, 0 B/s, 1 connection', { speed: 0, eta: null, connections: 1 }],
  ['file: 50% 47.7 / 95.4 MiB, 1 connection', { speed: null, eta: null, connections: 1 }],
  ['file: 47.7 MiB, 977 KiB/s', { total: null, eta: null, connections: 0 }],
  ['file: 50% 47.7 / 95.4 MiB, 977 KiB/s, 50 s left, 4 connections; why', { message: 'why' }],
  ['file: 50% 47.7 / 95.4 MiB, attempt 2 of 6 in 13 s: why', { ...WAITING, message: 'why' }],
  ['file: 50% 47.7 / 95.4 MiB, attempt 2 of 6 in 0 s', { ...WAITING, retryIn: 0 }],
  ['file: 50% 47.7 / 95.4 MiB, paused: any key resumes, q stops', { state: 'paused', message: 'why' }],
  ['file: 50% 47.7 / 95.4 MiB, verifying', { state: 'verifying', message: 'why' }],
  ['file: 99% 95.4 / 95.4 MiB, 977 KiB/s, 1 s left, 4 connections', { received: 99_999_999, eta: 0.1 }],
  ['file: 100% 191 / 95.4 MiB, 977 KiB/s, 4 connections', { received: 200_000_000, eta: null }],
]
t.test('a line of any width has every piece in full, and no bar', async (t) => {
  const view = { style, columns: Number.POSITIVE_INFINITY, isBar: false }
  for (const [text, progress] of descriptions)
    t.equal(progressLine('file', { ...PROGRESS, ...progress }, view), text)
})

t.test('a bar is full only when the file is', async (t) => {
  const bar = (received: number): string | undefined =>
    progressLine('f', { ...PROGRESS, received }, { style, columns: 200, isBar: true }).match(/[█░]+/u)?.[0]
  t.equal(bar(0), '░'.repeat(20))
  t.equal(bar(99_999_999), `${'█'.repeat(19)}░`)
  t.equal(bar(200_000_000), '█'.repeat(20))
  const view = { style: plainStyle('names'), columns: 99, isBar: true }
  t.match(progressLine('日本', PROGRESS, view), /^日本 #{10}-{10} 50%/)
})

t.test('numbers that change do not move the bar', async (t) => {
  const view = { style, columns: 99, isBar: true }
  const at = (progress: Partial<DownloadProgress>): number =>
    progressLine('a-name-that-is-too-long-for-this-terminal.bin', { ...PROGRESS, ...progress }, view).search(
      /[█░]/u,
    )
  const each = [{ eta: 61_000 }, { eta: 3_599_000 }, { speed: 1_100_000 }, { received: 3_000_000 }]
  const columns = each.map((numbers) => at({ eta: 300_000, ...numbers }))
  t.equal(new Set(columns).size, 1, `in column ${columns}`)
  t.ok((columns[0] ?? 0) > 0)
})
