// How range-get shows several downloads: a line for all and some for single files on a terminal, lines elsewhere, JSON for
// programs.
import { basename } from 'node:path'
import type { DownloadAllProgress, DownloadResult, VerifiedFile } from '../index.ts'
import { jsonLine, oneLine } from '../text/one-line.ts'
import { publicUrl } from '../text/public-url.ts'
import { formatSize } from '../text/quantities.ts'
import { type SeveralProgress, severalLines, wholeLine } from '../text/several-lines.ts'
import type { Style } from '../text/style.ts'
import type { BarTurn } from './bar-turn.ts'
import { CLEAR, NO_WRAP, USUAL_COLUMNS, WRAP } from './display.ts'
import { isForeground, onForeground } from './foreground.ts'
import type { OutputStream } from './output-stream.ts'
import type { RequestedFile } from './requested-files.ts'
import { nameOf, summaryOf } from './summary.ts'

/** Shows several downloads. */
export interface SeveralDisplay {
  progress(progress: DownloadAllProgress<RequestedFile>): void
  result(file: RequestedFile, result: DownloadResult): void
  /** A file is there and has its digest. */
  verified(file: VerifiedFile): void
  /** Shows a line about a failure. */
  line(text: string): void
  /** Shows what is not certain, as a sentence. */
  note(text: string): void
  /** The last call. */
  end(outcome: SeveralOutcome): void
}

/** How several downloads ended. */
export interface SeveralOutcome {
  readonly done: number
  readonly failed: number
  /** Bytes of all files. */
  readonly received: number
  /** Did the user stop them? */
  readonly isStopped: boolean
}

/** Where text for people goes. */
export interface SeveralPlace {
  readonly out: OutputStream
  readonly style: Style
  /** How many files there are, if that is known beforehand. */
  readonly files: number | null
}

const USUAL_ROWS = 24

/** Lines that are redrawn in place below what is printed, while this process is in the foreground and has the turn. */
export function blockDisplay(place: SeveralPlace, barTurn: BarTurn): SeveralDisplay {
  const { out, style } = place
  let latest: SeveralProgress | null = null
  const draw = (): void => {
    if (latest === null || out.isBehind || !isForeground() || !barTurn.take()) return
    const columns = (out.columns || USUAL_COLUMNS) - 1
    const lines = severalLines(latest, { style, columns, isBar: true, rows: out.rows || USUAL_ROWS })
    // The cursor goes back to the first line, so that clearing from there removes all of them, even in another width.
    const back = lines.length > 1 ? `\u001b[${lines.length - 1}A` : ''
    out.write(`${CLEAR}${NO_WRAP}${lines.join('\r\n')}${WRAP}\r${back}`)
  }
  const unwatch = [out.onResize(draw), onForeground(draw)]
  // In one write, because the lines of another process may be drawn at any moment.
  const print = (text: string): void => {
    out.write(`${isForeground() ? CLEAR : ''}${text}`)
    draw()
  }
  return {
    progress: (progress) => {
      latest = namesIn(progress, place)
      draw()
    },
    result: (_, result) => print(summaryOf(result, style)),
    verified: (file) => print(verifiedLine(file, style)),
    line: print,
    note: (text) => print(noteLine(text, style)),
    end: (outcome) => {
      for (const each of unwatch) each()
      latest = null
      print(endOf(outcome, style))
    },
  }
}

/** A line for each file that has ended, and one about all of them every `interval` ms. */
export function severalLineDisplay(place: SeveralPlace, interval: number): SeveralDisplay {
  const { out, style } = place
  let shown = performance.now()
  return {
    progress: (progress) => {
      const now = performance.now()
      if (out.isBehind || now - shown < interval) return
      shown = now
      const columns = out.columns === null ? Number.POSITIVE_INFINITY : (out.columns || USUAL_COLUMNS) - 1
      out.write(`${wholeLine(namesIn(progress, place), { style, columns, isBar: false })}\n`)
    },
    result: (_, result) => out.write(summaryOf(result, style)),
    verified: (file) => out.write(verifiedLine(file, style)),
    line: (text) => out.write(text),
    note: (text) => out.write(noteLine(text, style)),
    end: (outcome) => out.write(endOf(outcome, style)),
  }
}

function verifiedLine({ path, size, digest }: VerifiedFile, { paint, legible }: Style): string {
  const proof = paint('good', `${digest} checksum verified`)
  return `${paint('name', legible(nameOf(path)))}: ${formatSize(size)}; ${proof}\n`
}

function noteLine(text: string, { paint, legible }: Style): string {
  return `${paint('attention', 'note:')} ${legible(oneLine(text))}\n`
}

/** The last line. A stop has been reported before. */
function endOf({ done, failed, received, isStopped }: SeveralOutcome, { paint }: Style): string {
  if (isStopped) return ''
  if (failed === 0) return `${done} ${done === 1 ? 'file' : 'files'}, ${formatSize(received)}\n`
  return `${paint('failure', `${failed} of ${done + failed} failed`)}\n`
}

function namesIn(progress: DownloadAllProgress<RequestedFile>, { files }: SeveralPlace): SeveralProgress {
  const underWay = progress.underWay.map(({ file, progress: each }) => ({
    name: each.path === null ? publicUrl(file.url) : basename(each.path),
    progress: each,
  }))
  return { ...progress, files: files ?? progress.files, underWay }
}

/** One JSON object per line: the progress of each file under way, and its result. */
export function severalJsonDisplay(out: OutputStream, errors: OutputStream): SeveralDisplay {
  const write = (event: string, value: object): void => out.write(`${jsonLine({ event, ...value })}\n`)
  return {
    progress: ({ underWay }) => {
      for (const { file, progress } of underWay)
        if (!out.isBehind) write('progress', { url: publicUrl(file.url), ...progress })
    },
    result: (file, result) => write('result', { url: publicUrl(file.url), ...result }),
    verified: (file) => write('verified', file),
    line: (text) => errors.write(text),
    note: () => undefined,
    end: ({ done, failed, received }) => write('end', { done, failed, received }),
  }
}

/** Failures only. */
export function severalQuietDisplay(errors: OutputStream): SeveralDisplay {
  const nothing = (): void => undefined
  return {
    progress: nothing,
    result: nothing,
    verified: nothing,
    line: (text) => errors.write(text),
    note: nothing,
    end: nothing,
  }
}
