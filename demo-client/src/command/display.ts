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
  /** Clears what must not stand before other output; nothing more is shown but the result. */
  clear(): void
}

/** One line about a finished download. */
export function describeResult(result: DownloadResult): string {
  const { path, size, resumed, integrity, digest } = result
  const how = {
    digest: `its ${digest} is right`,
    length: 'its length is as announced',
    nothing: 'the server announced no length: only its closing the connection says that this is all',
  }[integrity]
  const taken = resumed === 0 ? '' : `, ${formatSize(resumed)} of them from an earlier run`
  return `${nameOf(path)}: ${formatSize(size)}${taken}; ${how}`
}

/** The result, and what is not certain, unless that was said before. */
function linesAbout(result: DownloadResult): string {
  const notes = notYetShown(result.warnings).map((warning) => `note: ${oneLine(warning)}`)
  return [describeResult(result), ...notes].map((line) => `${line}\n`).join('')
}

/** A path for people, without what could steer a terminal, or be an option or a home where it is copied to. */
export function nameOf(path: string): string {
  const short = relative(process.cwd(), path)
  const shown = short === '' || short.startsWith('..') ? path : short
  return oneLine(/^[-~]/.test(shown) ? `./${shown}` : shown)
}

/** For a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80
/** To the left edge, and everything from there on cleared. */
const CLEAR = '\r\u001b[J'

/** The line is cut, not broken, where the terminal has become narrower and has not yet said so. */
const NO_WRAP = '\u001b[?7l'
const WRAP = '\u001b[?7h'

/** A bar that is redrawn in place, while this process is in the foreground. */
export function barDisplay(out: OutputStream, name: string): Display {
  let latest: DownloadProgress | null = null
  let isDrawn = false
  const draw = (): void => {
    if (latest === null || out.isBehind || !isForeground()) return
    // One column stays free: in the last one some terminals begin a new line. The cursor waits at the left edge:
    // where a terminal that becomes narrower breaks the line, it stays on the first part, and all parts are cleared.
    const line = progressLine(name, latest, (out.columns || USUAL_COLUMNS) - 1)
    out.write(`${CLEAR}${NO_WRAP}${line}${WRAP}\r`)
    isDrawn = true
  }
  const unwatch = [out.onResize(draw), onForeground(draw)] // in a pause nothing else has it drawn
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

/** A line whenever the state changes, and every `interval` ms in between. */
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

/** One JSON object a line. */
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
