// What is said about a finished download.
import { join } from 'node:path'
import type { DownloadResult } from 'range-get'
import t from 'tap'
import { describeResult, nameOf, summaryOf } from '#client/command/summary.js'
import { plainStyle } from '#client/text/style.js'

const STYLE = plainStyle('all')
const RESULT: DownloadResult = {
  path: join(process.cwd(), 'file.iso'),
  outcome: 'downloaded',
  size: 4_000_000,
  etag: '"v1"',
  resumed: 0,
  duration: 3100,
  speed: 1_300_000,
  integrity: 'length',
  digest: null,
  warnings: [],
}

const rows: [text: string, result: Partial<DownloadResult>][] = [
  ['3.8 MiB in 3.1 s (1.2 MiB/s); length checked', {}],
  [
    '3.8 MiB, 977 KiB of it from an earlier run, in 3.1 s (1.2 MiB/s); length checked',
    { resumed: 1_000_000 },
  ],
  [
    '3.8 MiB, nothing was left to download; sha-512 checksum verified',
    { resumed: 4_000_000, speed: 0, integrity: 'checksum', digest: 'sha-512' },
  ],
  [
    '3.8 MiB in 2 h 5 min (533 B/s); sha-256 digest of the server verified',
    { duration: 7_500_000, speed: 533, integrity: 'digest', digest: 'sha-256' },
  ],
  [
    '3.8 MiB in 3.1 s (1.2 MiB/s); crc32c verified: not damaged on the way',
    { integrity: 'undamaged', digest: 'crc32c' },
  ],
  [
    '3.8 MiB, not changed; sha-512 checksum verified',
    { outcome: 'unchanged', resumed: 4_000_000, speed: 0, integrity: 'checksum', digest: 'sha-512' },
  ],
  ['0 B, not changed; length checked', { outcome: 'unchanged', size: 0 }],
  ['0 B in 0.01 s; length checked', { size: 0, duration: 12, speed: 0 }],
  ['3.8 MiB in 3.1 s (1.2 MiB/s); nothing checked: the server announced no length', { integrity: 'nothing' }],
]

for (const [text, result] of rows) {
  t.test(`a download ends with "${text}"`, async (t) => {
    t.equal(describeResult({ ...RESULT, ...result }, STYLE), `file.iso: ${text}`)
  })
}

t.test('a warning is a line, once for all downloads of a command', async (t) => {
  const result = { ...RESULT, warnings: ['the end is\nnot certain'] }
  t.equal(summaryOf(result, STYLE).split('\n')[1], 'note: the end is not certain')
  t.equal(summaryOf(result, STYLE).split('\n')[1], '')
})

t.test('a path is shown so that it can be copied, and cannot control the terminal', async (t) => {
  t.equal(nameOf(join(process.cwd(), '-rf')), './-rf')
  t.equal(nameOf(join(process.cwd(), 'a\u001b[2J\u202eb')), 'a\\u001b[2J\\u202eb')
  t.equal(nameOf('/elsewhere/file.iso'), '/elsewhere/file.iso')
  t.equal(
    describeResult({ ...RESULT, path: join(process.cwd(), '日.iso') }, plainStyle('ascii')),
    'file.iso: 3.8 MiB in 3.1 s (1.2 MiB/s); length checked'.replace('file', '\\u65e5'),
  )
})
