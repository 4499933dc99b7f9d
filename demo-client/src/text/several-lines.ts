// The progress of several files: one line for all of them, and one for each that is under way. Pure.
import type { DownloadProgress } from '../download-progress.ts'
import { type LineView, progressLine } from './progress-line.ts'

/** How far all files are. */
export interface SeveralProgress {
  /** Null while it is not known. */
  readonly files: number | null
  readonly done: number
  readonly failed: number
  readonly received: number
  readonly total: number | null
  readonly speed: number | null
  readonly eta: number | null
  /** Those under way, by their names. */
  readonly underWay: readonly { readonly name: string; readonly progress: DownloadProgress }[]
}

/** More lines than this would hide what was printed before. */
const MOST_FILES = 8

/** The line about all files. */
export function wholeLine(progress: SeveralProgress, view: LineView): string {
  const { files, done, failed, received, total, speed, eta, underWay } = progress
  const ended = done + failed
  const name = files === null ? `${ended} files` : `${ended}/${files} files`
  const isPaused = underWay.length > 0 && underWay.every(({ progress: { state } }) => state === 'paused')
  const whole: DownloadProgress = {
    state: isPaused ? 'paused' : 'downloading',
    path: null,
    received,
    resumed: 0,
    total,
    speed,
    eta,
    connections: underWay.reduce((sum, { progress: { connections } }) => sum + connections, 0),
    retryIn: 0,
    attempt: 0,
    attempts: 0,
    message: failed === 0 ? '' : `${failed} failed`,
  }
  return progressLine(name, whole, view)
}

/** That line, and those of the files that began first, in at most `rows` rows. Each fits the columns of `view`. */
export function severalLines(
  progress: SeveralProgress,
  view: LineView & { readonly rows: number },
): string[] {
  const most = Math.max(0, Math.min(MOST_FILES, view.rows - 2)) // one row stays free for the cursor
  const shown = progress.underWay.slice(0, most)
  return [
    wholeLine(progress, view),
    ...shown.map(
      ({ name, progress: each }) =>
        `  ${progressLine(name, each, { ...view, columns: Math.max(1, view.columns - 2) })}`,
    ),
  ]
}
