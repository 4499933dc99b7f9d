// The options of downloadAll(): what each means, its default, and its check.
import { readOptions } from './caller/check-arguments.ts'
import type { DownloadOptions } from './download-options.ts'
import { DownloadError } from './errors.ts'
import { type Settings, settingsOf } from './options.ts'
import { BATCH_LIMITS, isWithin } from './text/option-limits.ts'

/** What is about one file. */
type OptionOfOneFile = 'checksum' | 'expected' | 'mirrors' | 'resumeKey' | 'onSegment'

/** Options of `downloadAll()`: those of `download()` for each file, and how many at once. */
export interface DownloadAllOptions extends Omit<DownloadOptions, OptionOfOneFile> {
  /** Files at once, 1 to 64. Default 5. Fewer while file descriptors are short. */
  readonly parallel?: number
  /**
   * Connections to one host at once, of all files together, 1 to 256. Default 8, or `connections` if that is more. A host
   * that answers 429 or 503 gets fewer, and none before the time in its Retry-After.
   */
  readonly hostConnections?: number
}

/** Checked options, with the defaults filled in. */
export interface BatchSettings {
  readonly parallel: number
  readonly hostConnections: number
  /** Of each file. */
  readonly each: Settings
  /** The same as `download()` takes them. */
  readonly options: DownloadOptions
}

const DEFAULT_PARALLEL = 5
const DEFAULT_PER_HOST = 8

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function batchSettingsOf(given: DownloadAllOptions): BatchSettings {
  const known = { ...EACH, parallel: null, hostConnections: null }
  const { parallel, hostConnections, ...rest } = readOptions(given, known)
  const options = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  ) as DownloadOptions
  const each = settingsOf(options)
  return {
    parallel: numberOf('parallel', parallel, DEFAULT_PARALLEL),
    hostConnections: numberOf(
      'hostConnections',
      hostConnections,
      Math.max(DEFAULT_PER_HOST, each.connections),
    ),
    each,
    options: { ...options, headers: each.headers }, // an iterator of fields can be read only once
  }
}

/** The options of each file: without those that are about one file, and those of streams. */
const {
  checksum: _,
  expected: _e,
  mirrors: _m,
  resumeKey: _k,
  onSegment: _s,
  buffer: _b,
  bufferDirectory: _d,
  ...EACH
} = settingsOf({})

function numberOf(name: keyof typeof BATCH_LIMITS, value: unknown, byDefault: number): number {
  if (value === undefined) return byDefault
  const limits = BATCH_LIMITS[name]
  if (isWithin(value, limits)) return value
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  throw new DownloadError(
    'ERR_DOWNLOAD_USAGE',
    `${name} must be a whole number from ${limits.least} to ${limits.most}, not ${shown}`,
  )
}
