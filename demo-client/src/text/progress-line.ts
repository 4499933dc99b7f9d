// The progress of a download on one line that fits any width. Pure.
import type { DownloadProgress } from '../download-progress.ts'
import { oneLine } from './one-line.ts'
import { formatDuration, formatSize } from './quantities.ts'
import { shortenEnd, shortenMiddle, widthOf } from './text-width.ts'

/** A part of the line. On a narrow terminal, those with the highest rank are left out first. */
interface Piece {
  readonly text: string
  readonly rank: number
  /** The text between it and the piece before it. */
  readonly glue: string
  /** The fewest columns in which it is useful, and how to shorten it. Pieces without these are shown in full or not at all. */
  readonly least?: number
  readonly shorten?: (text: string, width: number) => string
}

const BAR = 20
const NAME_RANK = 5
/** A name or message in fewer columns is not useful. */
const LEAST = 8

/**
 * `name` and the progress of its download, in at most `columns` columns. The numbers stay longest: percentage, time left,
 * sizes, speed. The name is shortened in its middle.
 */
export function progressLine(name: string, progress: DownloadProgress, columns: number): string {
  return fit([title(name), ...bar(progress), ...percentage(progress), ...statusPieces(progress)], columns)
}

/** The same without a bar, for lines that are not redrawn and for simple terminals. */
export function plainLine(name: string, progress: DownloadProgress, columns: number): string {
  return fit([title(name), ...percentage(progress), ...statusPieces(progress)], columns)
}

function title(name: string): Piece {
  return { text: oneLine(name), rank: NAME_RANK, glue: ' ', least: LEAST, shorten: shortenMiddle }
}

/** The progress of a download without its name, of any width. */
export function describeProgress(progress: DownloadProgress): string {
  return fit(statusPieces(progress), Number.POSITIVE_INFINITY)
}

function bar(progress: DownloadProgress): Piece[] {
  const part = shareOf(progress)
  if (part === null) return []
  const filled = Math.floor(part * BAR)
  return [{ text: '█'.repeat(filled) + '░'.repeat(BAR - filled), rank: 6, glue: ' ' }]
}

function percentage(progress: DownloadProgress): Piece[] {
  const part = shareOf(progress)
  return part === null ? [] : [{ text: `${Math.floor(part * 100)}%`, rank: 0, glue: ' ' }]
}

/** From 0 to 1; null if the size is not known. */
function shareOf({ received, total }: DownloadProgress): number | null {
  return total === null || total === 0 ? null : Math.min(1, received / total)
}

function statusPieces({
  state,
  received,
  total,
  speed,
  eta,
  connections,
  retryIn,
  message,
}: DownloadProgress) {
  const text = total === null ? formatSize(received) : `${formatSize(received)} / ${formatSize(total)}`
  const pieces: Piece[] = [{ text, rank: total === null ? 0 : 3, glue: ' ' }]
  const note = (glue: string): Piece[] =>
    message === '' ? [] : [{ text: oneLine(message), rank: 8, glue, least: LEAST, shorten: shortenEnd }]
  switch (state) {
    case 'downloading':
      pieces.push({ text: `${formatSize(speed)}/s`, rank: 4, glue: ', ' })
      if (eta !== null) pieces.push({ text: `${formatDuration(eta)} left`, rank: 1, glue: ', ' })
      pieces.push({
        text: `${connections} ${connections === 1 ? 'connection' : 'connections'}`,
        rank: 7,
        glue: ', ',
      })
      return [...pieces, ...note('; ')]
    case 'waiting':
      pieces.push({ text: `retrying in ${formatDuration(retryIn / 1000)}`, rank: 1, glue: ', ' })
      return [...pieces, ...note(': ')]
    case 'paused':
      pieces.push({ text: 'paused', rank: 1, glue: ', ' })
      return [...pieces, { text: 'any key resumes, q stops', rank: NAME_RANK - 1, glue: ': ' }]
    default:
      return [...pieces, { text: state, rank: 1, glue: ', ' }]
  }
}

/** Joins the pieces in order. Those of high rank are left out or shortened if the line is too long. */
function fit(pieces: readonly Piece[], columns: number): string {
  const widths = new Map<Piece, number>()
  let left = columns + 1 // the first piece comes without its glue
  for (const piece of pieces.toSorted((a, b) => a.rank - b.rank)) {
    const full = widthOf(piece.text)
    const needed = Math.min(full, piece.least ?? full) + piece.glue.length
    if (needed > left) continue
    widths.set(piece, needed - piece.glue.length)
    left -= needed
  }
  let line = ''
  for (const piece of pieces) {
    const width = widths.get(piece)
    if (width === undefined) continue
    const text = piece.shorten?.(piece.text, width + left) ?? piece.text
    left -= widthOf(text) - width
    line += (line === '' ? '' : piece.glue) + text
  }
  return line === '' ? shortenEnd(pieces.find(({ rank }) => rank === 0)?.text ?? '', columns) : line
}
