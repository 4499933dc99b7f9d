// How range-get shows a download: a bar on a terminal, lines elsewhere, JSON for programs.
import { relative } from 'node:path'
import type { DownloadProgress, DownloadResult } from './index.ts'
import { unsaid } from './once.ts'
import { oneLine } from './one-line.ts'

/** Shows one download. */
export interface Display {
  progress(progress: DownloadProgress): void
  result(result: DownloadResult): void
  /** Clears what must not stand before other output. */
  clear(): void
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A number of bytes for people. */
export function formatSize(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10))
  return unit === 0 ? `${Math.round(bytes)} B` : `${(bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`
}

/** Seconds for people: 45s, 3m07s, 2h05m. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  const pad = (value: number): string => String(value).padStart(2, '0')
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`
  return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`
}

/** One line about where a download stands. */
export function describeProgress(progress: DownloadProgress): string {
  const { state, received, total, speed, eta, connections, retryIn, message } = progress
  const size = total === null ? formatSize(received) : `${formatSize(received)} / ${formatSize(total)}`
  switch (state) {
    case 'downloading': {
      const left = eta === null ? '' : `, ${formatDuration(eta)} left`
      const links = `${connections} ${connections === 1 ? 'connection' : 'connections'}`
      return `${size}, ${formatSize(speed)}/s${left}, ${links}${message === '' ? '' : `; ${message}`}`
    }
    case 'waiting':
      return `${size}, retrying in ${formatDuration(retryIn / 1000)}: ${oneLine(message)}`
    case 'paused':
      return `${size}, paused: any key goes on, q stops`
    default:
      return `${size}, ${state}`
  }
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
  const notes = unsaid(result.warnings).map((warning) => `note: ${warning}`)
  return [describeResult(result), ...notes].map((line) => `${line}\n`).join('')
}

/** A path for people, without what could steer a terminal. */
export function nameOf(path: string): string {
  const short = relative(process.cwd(), path)
  return oneLine(short === '' || short.startsWith('..') ? path : short)
}

/** A bar that is redrawn in place. */
export function barDisplay(out: NodeJS.WriteStream, name: string): Display {
  const clear = (): void => void out.write('\r\u001b[K')
  return {
    clear,
    progress: (progress) => {
      const { received, total } = progress
      const share = total === null || total === 0 ? null : received / total
      const filled = Math.floor((share ?? 0) * 20)
      const bar =
        share === null ? '' : `${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${Math.floor(share * 100)}% `
      const line = `${name} ${bar}${describeProgress(progress)}`
      out.write(`\r\u001b[K${[...line].slice(0, Math.max(20, (out.columns || 80) - 1)).join('')}`)
    },
    result: (result) => {
      clear()
      out.write(linesAbout(result))
    },
  }
}

/** A line whenever the state changes, and every few seconds in between. */
export function lineDisplay(out: NodeJS.WritableStream, name: string, interval: number): Display {
  let state = ''
  let shown = Number.NEGATIVE_INFINITY
  return {
    clear: () => undefined,
    progress: (progress) => {
      const now = performance.now()
      const isNews = ['downloading', 'waiting', 'paused', 'verifying'].includes(progress.state)
      if (!isNews || (progress.state === state && now - shown < interval)) return
      state = progress.state
      shown = now
      out.write(`${name}: ${describeProgress(progress)}\n`)
    },
    result: (result) => void out.write(linesAbout(result)),
  }
}

/** One JSON object a line. */
export function jsonDisplay(out: NodeJS.WritableStream, url: string): Display {
  const write = (event: string, value: object): void =>
    void out.write(`${JSON.stringify({ event, url, ...value })}\n`)
  return {
    clear: () => undefined,
    progress: (progress) => write('progress', progress),
    result: (result) => write('result', result),
  }
}

/** Shows nothing. */
export const quietDisplay: Display = {
  clear: () => undefined,
  progress: () => undefined,
  result: () => undefined,
}
