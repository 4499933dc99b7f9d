// How range-get shows a download: a bar on a terminal, lines elsewhere, JSON for programs.
import { basename } from 'node:path'
import type { DownloadProgress } from '../index.ts'
import { jsonLine } from '../text/one-line.ts'
import { progressLine } from '../text/progress-line.ts'
import type { Style } from '../text/style.ts'
import type { BarTurn } from './bar-turn.ts'
import { isForeground, onForeground } from './foreground.ts'
import type { OutputStream } from './output-stream.ts'
import { type Finished, summaryOf } from './summary.ts'

/** Shows one download. */
export interface Display {
  progress(progress: DownloadProgress): void
  result(result: Finished): void
  /** Shows a line about a failure, in place of the progress. */
  failure(line: string): void
}

/** Where text for people goes. */
export interface DisplayPlace {
  readonly out: OutputStream
  readonly style: Style
  /** What to call the file before its path is known. */
  readonly name: string
}

function titleOf({ name }: DisplayPlace, { path }: DownloadProgress): string {
  return path === null ? name : basename(path)
}

/** For a terminal that does not report its width. */
export const USUAL_COLUMNS: number = 80
/** Moves to the left edge and clears everything after it. */
export const CLEAR = '\r\u001b[J'

/** Cuts a line that is too long instead of wrapping it, if the terminal became narrower and has not yet reported that. */
export const NO_WRAP = '\u001b[?7l'
/** Ends that. */
export const WRAP = '\u001b[?7h'

/** A bar that is redrawn in place, while this process is in the foreground and has the turn. */
export function barDisplay(place: DisplayPlace, barTurn: BarTurn): Display {
  const { out, style } = place
  let latest: DownloadProgress | null = null
  const draw = (): void => {
    if (latest === null || out.isBehind || !isForeground() || !barTurn.take()) return
    // One column stays free, because some terminals begin a new line after the last one. The cursor stays at the left
    // edge: if a terminal that becomes narrower wraps the line, the cursor is on its first part, and all parts are cleared.
    const columns = (out.columns || USUAL_COLUMNS) - 1
    const line = progressLine(titleOf(place, latest), latest, { style, columns, isBar: true })
    out.write(`${CLEAR}${NO_WRAP}${line}${WRAP}\r`)
  }
  const unwatch = [out.onResize(draw), onForeground(draw)] // during a pause nothing else redraws it
  // In one write, because the bar of another process may be drawn at any moment, and it may be on this line now.
  const end = (text: string): void => {
    for (const each of unwatch) each()
    latest = null
    out.write(`${isForeground() ? CLEAR : ''}${text}`)
  }
  return {
    progress: (progress) => {
      latest = progress
      draw()
    },
    result: (result) => end(summaryOf(result, style, place.name)),
    failure: end,
  }
}

/** Prints a line when something is new: a state, the first bytes after a wait, and every `interval` ms. */
export function lineDisplay(place: DisplayPlace, interval: number): Display {
  const { out, style } = place
  let last: DownloadProgress | null = null
  let shown = performance.now()
  return {
    failure: (line) => out.write(line),
    progress: (progress) => {
      const now = performance.now()
      if (out.isBehind || !(isNews(progress, last) || isDue(progress, now - shown >= interval))) return
      last = progress
      shown = now
      const columns = out.columns === null ? Number.POSITIVE_INFINITY : (out.columns || USUAL_COLUMNS) - 1
      const line = progressLine(titleOf(place, progress), progress, { style, columns, isBar: false })
      out.write(`${line}\n`)
    },
    result: (result) => out.write(summaryOf(result, style, place.name)),
  }
}

/** An attempt that has not received anything is not news, because the next line says how it ended. */
function isNews(progress: DownloadProgress, last: DownloadProgress | null): boolean {
  const { state, received, resumed, total, attempt } = progress
  switch (state) {
    case 'downloading':
      return last?.state !== state && received !== (last?.received ?? resumed) && received !== total
    case 'waiting':
      return last?.state !== state || attempt !== last.attempt
    case 'paused':
      return last?.state !== state
    case 'verifying':
      return last !== null && last.state !== state
    default:
      return false
  }
}

function isDue({ state }: DownloadProgress, isTime: boolean): boolean {
  return isTime && ['downloading', 'waiting', 'paused', 'verifying'].includes(state)
}

/** Where events go, and lines about failures, and the URL of all of them. */
export interface JsonPlace {
  readonly out: OutputStream
  /** Null: the event says it. */
  readonly errors: OutputStream | null
  readonly url: string
}

/** Prints one JSON object per line. */
export function jsonDisplay({ out, errors, url }: JsonPlace): Display {
  const write = (event: string, value: object): void => out.write(`${jsonLine({ event, url, ...value })}\n`)
  return {
    failure: (line) => errors?.write(line),
    progress: (progress) => {
      if (!out.isBehind) write('progress', progress)
    },
    result: (result) => write('result', result),
  }
}

/** Shows failures only. */
export function quietDisplay(errors: OutputStream): Display {
  return {
    progress: () => undefined,
    result: () => undefined,
    failure: (line) => errors.write(line),
  }
}
