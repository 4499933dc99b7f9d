import t from 'tap'
import { stepLine } from '#client/demo/step-line.js'
import type { SegmentReport } from '#client/index.js'

const BAR = { filled: '#', empty: '-' }
const STEP: SegmentReport = {
  range: 'bytes=120-123',
  bytes: 4,
  status: 206,
  contentRange: 'bytes 120-123/284',
  received: 124,
  total: 284,
}

function textOf(report: SegmentReport, columns: number): string {
  return stepLine(31, report, { columns, bar: BAR })
    .parts.map(({ text }) => text)
    .join('')
}

interface Row {
  readonly columns: number
  readonly line: string
  readonly heading: string
}

const ROWS: readonly Row[] = [
  {
    columns: 200,
    line: '  31  Range: bytes=120-123  206 Content-Range: bytes 120-123/284  ##########--------------  124 of 284 bytes',
    heading: '',
  },
  {
    columns: 100,
    line: '  31  Range: bytes=120-123  206 Content-Range: bytes 120-123/284  ######---------  124 of 284 bytes',
    heading: '',
  },
  {
    columns: 80,
    line: '  31  Range: bytes=120-123  206 Content-Range: bytes 120-123/284  ###----   43%',
    heading: '',
  },
  {
    columns: 60,
    line: '  31  bytes=120-123  206 bytes 120-123/284  ###------   43%',
    heading: 'step  Range          Content-Range',
  },
  {
    columns: 50,
    line: '  31  bytes=120-123  206 bytes 120-123/284   43%',
    heading: 'step  Range          Content-Range',
  },
  { columns: 40, line: '  31  206 bytes 120-123/284  #---   43%', heading: 'step  Content-Range' },
  { columns: 30, line: '  31  206 bytes 120-123/284', heading: 'step  Content-Range' },
  { columns: 20, line: '  31  120-123/284', heading: 'step  Content-Range' },
  { columns: 12, line: '31 120-123/', heading: '' },
  { columns: 1, line: '', heading: '' },
]

for (const { columns, line, heading } of ROWS)
  t.test(`a step in ${columns} columns`, async (t) => {
    t.equal(textOf(STEP, columns), line)
    t.equal(stepLine(31, STEP, { columns, bar: BAR }).heading, heading)
  })

t.test('a step fits in any width, for small and large files', async (t) => {
  for (const total of [1, 284, 7877, 10 ** 15]) {
    const last = total - 1
    const full = {
      ...STEP,
      range: `bytes=${last}-${last}`,
      contentRange: `bytes ${last}-${last}/${total}`,
      received: total,
      total,
    }
    for (let columns = 1; columns <= 250; columns++) {
      for (const report of [full, { ...full, received: 0 }]) {
        const line = textOf(report, columns)
        if (line.length >= columns) t.fail(`${columns} columns: ${line}`)
      }
    }
  }
  t.pass('every line is shorter than the terminal')
})

t.test('all steps of a download are aligned', async (t) => {
  const first = { ...STEP, range: 'bytes=0-3', contentRange: 'bytes 0-3/284', received: 4 }
  for (const columns of [100, 80, 60, 50, 40])
    t.equal(textOf(first, columns).length, textOf(STEP, columns).length)
})

t.test('an answer without a range or a size', async (t) => {
  const whole: SegmentReport = { ...STEP, range: null, status: 200, contentRange: null, received: 284 }
  t.match(textOf(whole, 80), /^ {2}31 {2}no Range {2,}200 {2,}#+ {2}100%$/)
  const unknown = { ...whole, total: null }
  t.match(textOf(unknown, 100), /^ {2}31 {2}no Range.*200 .* 284 of unknown bytes$/)
  t.match(textOf({ ...whole, received: 0, total: 0 }, 80), / #+ {2}0 of 0 bytes$/)
})
