// How range-get shows a download: a bar on a terminal, lines elsewhere, JSON for programs.
import { relative } from 'node:path'
import type { DownloadProgress, DownloadResult } from '../index.ts'
import { jsonLine, oneLine } from '../text/one-line.ts'
import { describeProgress, plainLine, progressLine } from '../text/progress-line.ts'
import { formatSize } from '../text/quantities.ts'
import { isForeground, onForeground } from './foreground.ts'
import type { OutputStream } from './output-stream.ts'
import { notYetShown } from './shown-warnings.ts'

/** Shows one download. */
export interface Display {
  progress(progress: DownloadProgress): void
  result(result: DownloadResult): void
  /** Removes the progress line before other output. After this only the result is shown. */
  clear(): void
}

/** One line about a finished download. */
export function describeResult(result: DownloadResult): string {
  const { path, size, resumed, integrity, digest } = result
  const how = {
    digest: `its ${digest} is right`,
    length: 'its length is as announced',
    nothing:
      'the server announced no length, so only the end of the connection shows that the file is complete',
  }[integrity]
  const taken = resumed === 0 ? '' : `, ${formatSize(resumed)} of them from an earlier run`
  return `${nameOf(path)}: ${formatSize(size)}${taken}; ${how}`
}

/** The result and its warnings, except those that were shown before. */
function linesAbout(result: DownloadResult): string {
  const notes = notYetShown(result.warnings).map((warning) => `note: ${oneLine(warning)}`)
  return [describeResult(result), ...notes].map((line) => `${line}\n`).join('')
}

/** A path that is safe to show and to copy: it cannot control a terminal, and is no option and no home directory. */
export function nameOf(path: string): string {
  const short = relative(process.cwd(), path)
  const shown = short === '' || short.startsWith('..') ? path : short
  return oneLine(/^[-~]/.test(shown) ? `./${shown}` : shown)
}

/** For a terminal that does not report its width. */
const USUAL_COLUMNS = 80
/** Moves to the left edge and clears everything after it. */
const CLEAR = '\r\u001b[J'

/** Cuts a line that is too long instead of wrapping it, if the terminal became narrower and has not yet reported that. */
const NO_WRAP = '\u001b[?7l'
const WRAP = '\u001b[?7h'

/** A bar that is redrawn in place, while this process is in the foreground. */
export function barDisplay(out: OutputStream, name: string): Display {
  let latest: DownloadProgress | null = null
  let isDrawn = false
  const draw = (): void => {
    if (latest === null || out.isBehind || !isForeground()) return
    // One column stays free, because some terminals begin a new line after the last one. The cursor stays at the left
    // edge: if a terminal that becomes narrower wraps the line, the cursor is on its first part, and all parts are cleared.
    const line = progressLine(name, latest, (out.columns || USUAL_COLUMNS) - 1)
    out.write(`${CLEAR}${NO_WRAP}${line}${WRAP}\r`)
    isDrawn = true
  }
  const unwatch = [out.onResize(draw), onForeground(draw)] // during a pause nothing else redraws it
  const clear = (): void => {
    for (const each of unwatch) each()
    latest = null
    if (isDrawn && isForeground()) out.write(CLEAR)
    isDrawn = false
  }
  return {
    clear,
    progress: (progress) => {
      latest = progress
      draw()
    },
    result: (result) => {
      clear()
      out.write(linesAbout(result))
    },
  }
}

/** Prints a line whenever the state changes, and every `interval` ms. */
export function lineDisplay(out: OutputStream, name: string, interval: number): Display {
  let state = ''
  let shown = Number.NEGATIVE_INFINITY
  return {
    clear: () => undefined,
    progress: (progress) => {
      const now = performance.now()
      const isNews = ['downloading', 'waiting', 'paused', 'verifying'].includes(progress.state)
      if (!isNews || out.isBehind || (progress.state === state && now - shown < interval)) return
      state = progress.state
      shown = now
      const { columns } = out
      const line =
        columns === null
          ? `${oneLine(name)}: ${describeProgress(progress)}`
          : plainLine(name, progress, (columns || USUAL_COLUMNS) - 1)
      out.write(`${line}\n`)
    },
    result: (result) => out.write(linesAbout(result)),
  }
}

/** Prints one JSON object per line. */
export function jsonDisplay(out: OutputStream, url: string): Display {
  const write = (event: string, value: object): void => out.write(`${jsonLine({ event, url, ...value })}\n`)
  return {
    clear: () => undefined,
    progress: (progress) => {
      if (!out.isBehind) write('progress', progress)
    },
    result: (result) => write('result', result),
  }
}

/** Shows nothing. */
export const quietDisplay: Display = {
  clear: () => undefined,
  progress: () => undefined,
  result: () => undefined,
}
