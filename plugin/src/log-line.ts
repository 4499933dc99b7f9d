import type { FastifyBaseLogger } from 'fastify'
import { ignoreRejection } from './ignore-rejection.ts'
import type { ByteRange } from './rules/range-set.ts'

const MAX_PATH_CHARACTERS = 1000
const MAX_SHOWN_RANGES = 100

/** Whether lines at debug level are written. Loggers without `isLevelEnabled` and `level` get none. */
export function isDebugging(log: FastifyBaseLogger): boolean {
  try {
    const isEnabled: unknown = Reflect.get(log, 'isLevelEnabled')
    if (typeof isEnabled === 'function') return isEnabled.call(log, 'debug') === true
  } catch {
    return false
  }
  return log.level === 'debug' || log.level === 'trace'
}

/** A line of the log. */
export interface LogLine {
  readonly level: 'debug' | 'warn' | 'error'
  readonly details: object
  readonly message: string
}

/** Writes a line. Never throws: an error of the logger must not end an answer, or from a listener the process. */
export function writeLogLine(log: FastifyBaseLogger, { level, details, message }: LogLine): void {
  try {
    const written: unknown = log[level](details, message)
    ignoreRejection(written)
  } catch {
    // The log is the only place to report it.
  }
}

/** A path as a line shows it: as it was given to `sendRange`, and shortened if it is very long. */
export function shownPath(path: string): string {
  return path.length > MAX_PATH_CHARACTERS ? `${path.slice(0, MAX_PATH_CHARACTERS)}…` : path
}

/** The first of the ranges, and how many there are. */
export function shownRanges(ranges: readonly ByteRange[]): {
  ranges: readonly ByteRange[]
  rangeCount: number
} {
  return { ranges: ranges.slice(0, MAX_SHOWN_RANGES), rangeCount: ranges.length }
}
