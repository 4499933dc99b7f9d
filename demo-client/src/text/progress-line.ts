// One line about a download that fits a terminal of any width. Pure.
import type { DownloadProgress } from '../download-progress.ts'
import { oneLine } from './one-line.ts'
import { formatDuration, formatSize } from './quantities.ts'
import { shortenEnd, shortenMiddle, widthOf } from './text-width.ts'

/** A part of the line. The smaller its rank, the longer it stays when the terminal is narrow. */
interface Piece {
  readonly text: string
  readonly rank: number
  /** What stands between it and the piece before it. */
  readonly glue: string
  /** The columns it is still of use in, and how it is made to fit them; other pieces are shown in full or not. */
  readonly least?: number
  readonly shorten?: (text: string, width: number) => string
}

const BAR = 20
const NAME_RANK = 5
/** A name or message in fewer columns says nothing. */
const LEAST = 8

/**
 * `name` and where its download stands, in at most `columns` columns. Numbers stay longest: percentage, time left,
 * sizes, speed; the name is shortened in its middle.
 */
export function progressLine(name: string, progress: DownloadProgress, columns: number): string {
  return fit([title(name), ...bar(progress), ...percentage(progress), ...standing(progress)], columns)
}

/** The same without a bar, which a line that stays says nothing by and a dumb terminal may not have. */
export function plainLine(name: string, progress: DownloadProgress, columns: number): string {
  return fit([title(name), ...percentage(progress), ...standing(progress)], columns)
}

function title(name: string): Piece {
  return { text: oneLine(name), rank: NAME_RANK, glue: ' ', least: LEAST, shorten: shortenMiddle }
}

/** One line about where a download stands, as long as it takes. */
export function describeProgress(progress: DownloadProgress): string {
  return fit(standing(progress), Number.POSITIVE_INFINITY)
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

/** From 0 to 1, where the size is known. */
function shareOf({ received, total }: DownloadProgress): number | null {
  return total === null || total === 0 ? null : Math.min(1, received / total)
}

function standing({ state, received, total, speed, eta, connections, retryIn, message }: DownloadProgress) {
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
      return [...pieces, { text: 'any key goes on, q stops', rank: NAME_RANK - 1, glue: ': ' }]
    default:
      return [...pieces, { text: state, rank: 1, glue: ', ' }]
  }
}

/** The pieces in their order, those of high rank left out or shortened where there is no space for them. */
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
