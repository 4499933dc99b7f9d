// The progress of a download on one line that fits any width. Pure.
import type { DownloadProgress } from '../download-progress.ts'
import { fitLine, hasSpace, type Piece } from './fitted-line.ts'
import { oneLine } from './one-line.ts'
import { formatShare, formatSize, formatSpeed, formatTimeLeft, formatTimeLeftShort } from './quantities.ts'
import type { Role, Style } from './style.ts'
import { shortenEnd, shortenMiddle, widthOf } from './text-width.ts'

/** Where and how a line is drawn. */
export interface LineView {
  readonly style: Style
  readonly columns: number
  /** A bar for a line that is redrawn in place. */
  readonly isBar: boolean
}

/** How much the numbers say: all, or what is left of it in few columns. */
type Detail = 'full' | 'shorter' | 'short' | 'tight'
const DETAILS: readonly Detail[] = ['full', 'shorter', 'short', 'tight']

// When a line is too long, pieces are left out or shortened in this order, the last one first.
const RANK = {
  percent: 0,
  state: 1,
  size: 2,
  speed: 3,
  name: 4,
  hint: 5,
  why: 6,
  bar: 7,
  note: 8,
  extra: 9,
}
/** A name that most files have in full. */
const NAME_COLUMNS = 24
const LEAST_COLUMNS = 8
const BAR = { least: 8, most: 20 }

/** `name` and the progress of its download, in at most `view.columns` columns. Numbers stay longest. */
export function progressLine(name: string, progress: DownloadProgress, view: LineView): string {
  const { columns } = view
  const title = titleOf(name, view)
  const note = noteOf(progress, view)
  const lines = DETAILS.map((detail) => [title, ...numbersOf(progress, { ...view, detail }), ...note])
  return fitLine(choose(lines, columns), columns)
}

/** The most detailed of `lines` that has space for the name, or otherwise for the numbers. */
function choose(lines: readonly (readonly Piece[])[], columns: number): readonly Piece[] {
  for (const rank of [RANK.hint, RANK.name, RANK.speed])
    for (const line of lines) if (hasSpace(line, { columns, rank })) return line
  return lines.slice(-1).flat()
}

interface NumbersView extends LineView {
  readonly detail: Detail
}

function numbersOf(progress: DownloadProgress, view: NumbersView): Piece[] {
  const share = shareOf(progress)
  const size = sizeOf(progress, view)
  if (share === null) return [size, ...statePieces(progress, view)]
  const percent = fixed(`${Math.floor(share * 100)}%`, RANK.percent, { glue: ' ', least: 3 })
  const bar = view.isBar ? [barOf(share, view.style)] : []
  return [...bar, percent, size, ...statePieces(progress, view)]
}

function titleOf(name: string, { style, isBar }: LineView): Piece {
  const text = style.legible(oneLine(name))
  const end = isBar ? '' : ':'
  const full = widthOf(text) + end.length
  const { ellipsis } = style
  return {
    glue: ' ',
    steps: [
      { rank: RANK.name, width: Math.min(full, LEAST_COLUMNS) },
      { rank: RANK.name, width: Math.min(full, NAME_COLUMNS) },
      { rank: RANK.extra, width: full },
    ],
    draw: (width) => style.paint('name', shortenMiddle(text, { width: width - end.length, ellipsis })) + end,
  }
}

function barOf(share: number, { bar, paint }: Style): Piece {
  return {
    glue: ' ',
    steps: [
      { rank: RANK.bar, width: BAR.least },
      { rank: RANK.bar, width: BAR.most },
    ],
    draw: (width) => {
      const filled = Math.floor(share * width)
      return paint('filled', bar.filled.repeat(filled)) + paint('empty', bar.empty.repeat(width - filled))
    },
  }
}

/** From 0 to 1; null if the size is not known. */
function shareOf({ received, total }: DownloadProgress): number | null {
  return total === null || total === 0 ? null : Math.min(1, received / total)
}

/** The percentage says how much has been received, so in few columns the whole size is enough. */
function sizeOf({ received, total }: DownloadProgress, { detail }: NumbersView): Piece {
  if (total === null || total === 0)
    return fixed(spaced(formatSize(received), detail), RANK.percent, { glue: ' ' })
  const texts: Readonly<Record<Detail, string>> = {
    full: formatShare(received, total),
    shorter: `of ${formatSize(total)}`,
    short: formatSize(total),
    tight: spaced(formatSize(total), 'tight'),
  }
  const least = detail === 'full' ? formatShare(total, total).length : 0
  return fixed(texts[detail], RANK.size, { glue: ' ', least })
}

function statePieces(progress: DownloadProgress, view: NumbersView): Piece[] {
  const { state, connections } = progress
  switch (state) {
    case 'downloading': {
      if (connections === 0) return rateOf(progress, view)
      const count = `${connections} ${connections === 1 ? 'connection' : 'connections'}`
      return [...rateOf(progress, view), fixed(count, RANK.extra, { glue: ', ' })]
    }
    case 'waiting':
      return [attemptOf(progress, view)]
    case 'paused':
      return [word('paused', view), fixed('any key resumes, q stops', RANK.hint, { glue: ': ' })]
    default:
      return [word(state, view)]
  }
}

function rateOf({ speed, eta }: DownloadProgress, { detail }: NumbersView): Piece[] {
  if (speed === null) return []
  const glue = glueOf(detail)
  // A width that changes with each number would move the bar.
  const pieces = [
    fixed(spaced(formatSpeed(speed), detail), RANK.speed, { glue, least: detail === 'tight' ? 9 : 10 }),
  ]
  if (eta === null) return pieces
  const isShort = detail === 'short' || detail === 'tight'
  const text = isShort ? spaced(formatTimeLeftShort(eta), detail) : `${formatTimeLeft(eta)} left`
  return [...pieces, fixed(text, RANK.state, { glue, least: isShort ? 5 : eta < 60_000 ? 9 : 16 })]
}

function attemptOf({ attempt, attempts, retryIn }: DownloadProgress, { detail, style }: NumbersView): Piece {
  const isShort = detail === 'short' || detail === 'tight'
  const text = isShort
    ? `try ${attempt}/${attempts} in ${formatTimeLeftShort(retryIn)}`
    : `attempt ${attempt} of ${attempts} in ${formatTimeLeft(retryIn)}`
  return fixed(text, RANK.state, { glue: glueOf(detail), role: 'attention', style })
}

function word(text: string, { detail, style }: NumbersView): Piece {
  return fixed(text, RANK.state, { glue: glueOf(detail), role: 'attention', style })
}

/** Why the download waits, or what has happened to it. */
function noteOf({ state, message }: DownloadProgress, { style }: LineView): Piece[] {
  if (message === '' || !(state === 'waiting' || state === 'downloading')) return []
  const text = style.legible(oneLine(message))
  const full = widthOf(text)
  const { glue, rank } =
    state === 'waiting' ? { glue: ': ', rank: RANK.why } : { glue: '; ', rank: RANK.note }
  return [
    {
      glue,
      steps: [
        { rank, width: Math.min(full, LEAST_COLUMNS) },
        { rank, width: full },
      ],
      draw: (width) => shortenEnd(text, { width, ellipsis: style.ellipsis }),
    },
  ]
}

interface Fixed {
  readonly glue: string
  /** Columns to keep free for it, if its text is shorter. */
  readonly least?: number
  readonly role?: Role
  readonly style?: Style
}

/** A piece that is there in full or not at all. */
function fixed(text: string, rank: number, { glue, least = 0, role, style }: Fixed): Piece {
  const width = Math.max(least, text.length)
  return { glue, steps: [{ rank, width }], draw: () => (role && style ? style.paint(role, text) : text) }
}

function glueOf(detail: Detail): string {
  return detail === 'full' || detail === 'shorter' ? ', ' : ' '
}

/** A number and its unit, without the space between them if columns are few. */
function spaced(text: string, detail: Detail): string {
  return detail === 'tight' ? text.replace(' ', '') : text
}
