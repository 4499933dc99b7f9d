import type { DownloadProgress } from 'range-get'
import t from 'tap'
import { type SeveralProgress, severalLines, wholeLine } from '#client/text/several-lines.js'
import { plainStyle } from '#client/text/style.js'

const MIB = 1024 ** 2
const style = plainStyle('all')
const file = (name: string, values: Partial<DownloadProgress> = {}): SeveralProgress['underWay'][number] => ({
  name,
  progress: {
    ...{
      state: 'downloading',
      path: null,
      received: 25 * MIB,
      resumed: 0,
      total: 100 * MIB,
      speed: MIB,
      eta: 75_000,
    },
    ...{ connections: 2, retryIn: 0, attempt: 0, attempts: 0, message: '' },
    ...values,
  },
})
const PROGRESS: SeveralProgress = {
  files: 1005,
  done: 10,
  failed: 2,
  received: 500 * MIB,
  total: 2000 * MIB,
  speed: 3 * MIB,
  eta: 500_000,
  underWay: [file('a.iso'), file('b.iso')],
}

t.test('one line is about all files', async (t) => {
  const view = { style, columns: 120, isBar: false }
  t.equal(
    wholeLine(PROGRESS, view),
    '12/1005 files: 25% 500 MiB / 2.0 GiB, 3.0 MiB/s, 8 min 20 s left, 4 connections; 2 failed',
  )
  t.equal(
    wholeLine({ ...PROGRESS, files: null, total: null, eta: null, failed: 0, speed: null }, view),
    '10 files: 500 MiB, 4 connections',
  )
  const paused = { ...PROGRESS, underWay: [file('a', { state: 'paused', connections: 0 })] }
  t.match(wholeLine(paused, view), /paused: any key resumes, q stops$/)
  t.notMatch(wholeLine({ ...PROGRESS, underWay: [] }, view), /paused/)
})

t.test('below it are the files that began first, as many as there is space for', async (t) => {
  const view = { style, columns: 79, isBar: true, rows: 24 }
  t.strictSame(severalLines(PROGRESS, view), [
    '12/1005 files ███░░░░░░░░░░ 25% 500 MiB / 2.0 GiB, 3.0 MiB/s, 8 min 20 s left',
    '  a.iso █████░░░░░░░░░░░░░░░ 25% 25.0 / 100 MiB, 1.0 MiB/s, 1 min 15 s left',
    '  b.iso █████░░░░░░░░░░░░░░░ 25% 25.0 / 100 MiB, 1.0 MiB/s, 1 min 15 s left',
  ])
  const many = { ...PROGRESS, underWay: Array.from({ length: 20 }, (_, index) => file(`${index}`)) }
  t.equal(severalLines(many, view).length, 9)
  t.equal(severalLines(many, { ...view, rows: 5 }).length, 4)
  t.equal(severalLines(many, { ...view, rows: 1 }).length, 1)
})

t.test('in 29 columns, the numbers of all files are there, and no line is longer', async (t) => {
  const [whole = '', ...files] = severalLines(PROGRESS, { style, columns: 29, isBar: true, rows: 24 })
  t.match(whole, /^25% .*3\.0 ?MiB\/s 9 ?min$/)
  for (const line of [whole, ...files]) t.ok(line.length <= 29, line)
  for (const columns of [0, 1, 2, 3, 5])
    for (const line of severalLines(PROGRESS, { style, columns, isBar: true, rows: 24 }))
      t.ok(line.length <= Math.max(3, columns), `${columns}: ${line}`)
})
