// One step of the demo as one line of a terminal. On a narrow terminal it says less. Pure.
import type { SegmentReport } from '../index.ts'
import { oneLine } from '../text/one-line.ts'

/** What a part of the line is, for its colour. */
export type StepRole = 'number' | 'asked' | 'answered' | 'filled' | 'empty' | 'received' | 'gap'

/** A part of the line. */
export interface StepPart {
  readonly role: StepRole
  readonly text: string
}

/** A line with its parts, which are joined without anything in between. */
export interface StepLine {
  readonly parts: readonly StepPart[]
  /** The line to print above steps of this form, because they do not name their fields; empty if they do. */
  readonly heading: string
}

/** A column of a bar. */
export interface BarCharacters {
  readonly filled: string
  readonly empty: string
}

/** What a line contains: fields with their names, fields without them, or less. */
interface Form {
  readonly asked: 'named' | 'plain' | 'none'
  readonly answered: 'named' | 'plain' | 'range'
  /** The fewest columns of its bar; 0 for none. */
  readonly bar: number
  readonly received: 'bytes' | 'percent' | 'none'
}

/** From the widest to the narrowest. */
const FORMS: readonly [Form, ...Form[]] = [
  { asked: 'named', answered: 'named', bar: 8, received: 'bytes' },
  { asked: 'named', answered: 'named', bar: 4, received: 'percent' },
  { asked: 'plain', answered: 'plain', bar: 4, received: 'percent' },
  { asked: 'plain', answered: 'plain', bar: 0, received: 'percent' },
  { asked: 'none', answered: 'plain', bar: 4, received: 'percent' },
  { asked: 'none', answered: 'plain', bar: 0, received: 'none' },
  { asked: 'none', answered: 'range', bar: 0, received: 'none' },
]

const WIDEST_BAR = 24
const GAP = '  '
const SPACE: StepPart = { role: 'gap', text: GAP }
const NUMBER_WIDTH = 4

/** A part without its padding. All steps of a download pad it to the same width, so that they are aligned. */
interface Cell {
  readonly role: StepRole
  readonly text: string
  readonly width: number
}

/** Step `number` in fewer than `columns` columns: some terminals begin a new line after the last one. */
export function stepLine(
  number: number,
  report: SegmentReport,
  { columns, bar }: { readonly columns: number; readonly bar: BarCharacters },
): StepLine {
  const space = columns - 1
  const form = FORMS.find((each) => widthIn(each, cellsOf(each, number, report)) <= space)
  if (form === undefined)
    return { parts: cut(cellsOf(FORMS.at(-1) ?? FORMS[0], number, report), space), heading: '' }
  const cells = cellsOf(form, number, report)
  const barWidth =
    form.bar === 0 ? 0 : Math.min(WIDEST_BAR, space - widthIn({ ...form, bar: 0 }, cells) - GAP.length)
  const parts = cells.flatMap((cell, index): StepPart[] => {
    const before = cell.role === 'received' && barWidth > 0 ? [...barOf(report, barWidth, bar), SPACE] : []
    return [...(index === 0 ? [] : [SPACE]), ...before, padded(cell)]
  })
  return { parts, heading: headingOf(form, cells).slice(0, Math.max(0, space)) }
}

function padded({ role, text, width }: Cell): StepPart {
  const isNumber = role === 'number' || role === 'received'
  return { role, text: isNumber ? text.padStart(width) : text.padEnd(width) }
}

function cellsOf({ asked, answered, received }: Form, number: number, report: SegmentReport): Cell[] {
  const digits = report.total === null ? 0 : String(report.total).length
  const cells: Cell[] = [{ role: 'number', text: String(number), width: NUMBER_WIDTH }]
  const add = (role: StepRole, text: string, width: number): void => {
    cells.push({ role, text: oneLine(text), width: Math.max(text.length, width) })
  }
  const range = report.range ?? 'no Range'
  const withName = asked === 'named' && report.range !== null ? 'Range: ' : ''
  if (asked !== 'none') add('asked', withName + range, withName.length + 'bytes=-'.length + 2 * digits)
  const { contentRange, status } = report
  const named = answered === 'named' ? 'Content-Range: ' : ''
  const answer = contentRange === null ? String(status) : `${status} ${named}${contentRange}`
  if (answered === 'range') add('answered', contentRange?.replace(/^bytes /, '') ?? String(status), 0)
  else add('answered', answer, `206 ${named}bytes -/`.length + 3 * digits)
  if (received === 'bytes') add('received', bytesOf(report), 2 * digits + ' of  bytes'.length)
  if (received === 'percent') add('received', percentOf(report), '100%'.length)
  return cells
}

function bytesOf({ received, total }: SegmentReport): string {
  return `${received} of ${total ?? 'unknown'} bytes`
}

function percentOf(report: SegmentReport): string {
  const share = shareOf(report)
  return share === null ? String(report.received) : `${Math.floor(share * 100)}%`
}

/** From 0 to 1; null if the size is not known. */
function shareOf({ received, total }: SegmentReport): number | null {
  if (total === null) return null
  return total === 0 ? 1 : Math.min(1, received / total)
}

function barOf(report: SegmentReport, width: number, { filled, empty }: BarCharacters): StepPart[] {
  const full = Math.floor((shareOf(report) ?? 0) * width)
  return [
    { role: 'filled', text: filled.repeat(full) },
    { role: 'empty', text: empty.repeat(width - full) },
  ]
}

function widthIn({ bar }: Form, cells: readonly Cell[]): number {
  const texts = cells.reduce(
    (sum, { width, text }) => sum + Math.max(width, text.length) + GAP.length,
    -GAP.length,
  )
  return texts + (bar === 0 ? 0 : bar + GAP.length)
}

function headingOf({ asked, answered }: Form, cells: readonly Cell[]): string {
  if (answered === 'named') return ''
  const [, first] = cells
  const names = asked === 'none' ? ['Content-Range'] : ['Range'.padEnd(first?.width ?? 0), 'Content-Range']
  return ['step', ...names].join(GAP)
}

/** On a terminal that is too narrow for every form, the end is missing. */
function cut(cells: readonly Cell[], space: number): StepPart[] {
  const text = cells.map((cell) => cell.text).join(' ')
  return [{ role: 'answered', text: text.slice(0, Math.max(0, space)) }]
}
