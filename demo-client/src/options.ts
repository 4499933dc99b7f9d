// The options of download(), their defaults and limits. Pure.
import { type CallerFields, fieldsOf } from './caller/caller-fields.ts'
import { assertSignal, assertType, readOptions } from './caller/check-arguments.ts'
import { DownloadError } from './errors.ts'
import { type ExpectedDigest, parseChecksum } from './rules/digest.ts'
import type { SegmentReport } from './transfer/segment-report.ts'

/** Options of `download()`. Sizes in bytes, times in milliseconds. */
export interface DownloadOptions {
  /** Connections at once, 1 to 64. Default 4. Fewer are used where the server refuses. */
  readonly connections?: number
  /** Bytes asked for at once, at least 1. Default: chosen from the size and the number of connections. */
  readonly segmentSize?: number
  /**
   * Header fields to send, as fetch() takes them: a record, `Headers`, a `Map`, or pairs. What is given twice is
   * joined, `Cookie` with `; ` and lists with `, `; a field of one value is refused then. Other origins that a
   * redirect leads to get only the harmless ones.
   */
  readonly headers?: CallerFields
  /** `sha-256=` or `sha-512=` with hexadecimal digits or base64: what the file must hash to. */
  readonly checksum?: string
  /** `'never'` ignores what an earlier run has left. Default `'auto'`. */
  readonly resume?: 'auto' | 'never'
  /**
   * What a file that is already there means: `'refuse'` (default) ends with `ERR_DOWNLOAD_EXISTS`, `'replace'`
   * renames the new file over it once that is complete and verified, with the mode of the old one. Where that is
   * behind a symbolic link, the link stays.
   */
  readonly existing?: 'refuse' | 'replace'
  /**
   * Names what is downloaded, in place of the URL: a run resumes what an earlier one with the same key has
   * left, from whatever URL. For mirrors and renewed links. The server's strong entity-tag still decides.
   */
  readonly resumeKey?: string
  /**
   * Failures in a row without progress before giving up, 0 or more. Default 5. Where nothing has come yet, the last attempt
   * asks for the whole file without `Range`.
   */
  readonly retries?: number
  /** The first wait before trying again; doubles each time, with jitter. Default 1000. */
  readonly retryDelay?: number
  /** The longest wait. A Retry-After that asks for a longer one ends the download, to be resumed. Default 300 000. */
  readonly maxRetryDelay?: number
  /** Limit for setting up a connection. Default 15 000. */
  readonly connectTimeout?: number
  /** Limit for silence: no head of an answer, or no further byte. Default 30 000. */
  readonly stallTimeout?: number
  /** Redirects to follow for one answer, 0 or more. Default 10. */
  readonly maxRedirects?: number
  /** Bytes per second for all connections together. Default: no limit. */
  readonly limitRate?: number
  /**
   * The lowest useful rate, in bytes per second for all connections together, below `limitRate`. What stays below it for
   * `stallTimeout` is given up and asked for again, `retries` times in a row. Default: no rate is asked for; silence ends an exchange all the same.
   */
  readonly minRate?: number
  /** URL of an http or https proxy. Default: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`. */
  readonly proxy?: string
  /** Wait between two segments of one connection. Default 0. */
  readonly delay?: number
  /**
   * Whether what servers send in place of a file is taken where a name speaks against it. Default `'refuse'`:
   * `ERR_DOWNLOAD_PROTOCOL`, before anything reaches the disk. A page is known by its Content-Type where the extension of the
   * URL, of any redirect's target, of the server's name or of the output is not that of a page; names without an extension
   * say nothing. Where the name is that of a binary format and Content-Type claims none, the first bytes decide, too: those of
   * an HTML page, of an XML error of an object store, of a Git LFS pointer. So does JSON that is labelled as JSON.
   */
  readonly html?: 'refuse' | 'accept'
  /** `'server'` gives the file the date of Last-Modified. Default `'now'`. */
  readonly modified?: 'now' | 'server'
  /**
   * Called after each answer, in order of arrival. One that throws, or returns a promise that is rejected, ends the download
   * with `ERR_DOWNLOAD_USAGE`. Its promises are waited for only before the file gets its name.
   */
  readonly onSegment?: (report: SegmentReport) => void | PromiseLike<void>
  /** Aborting stops the download; what was received can be resumed. */
  readonly signal?: AbortSignal
}

/** Options with every default filled in. */
export interface Settings {
  readonly connections: number
  readonly segmentSize: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly checksum: ExpectedDigest | null
  readonly resume: 'auto' | 'never'
  readonly existing: 'refuse' | 'replace'
  readonly resumeKey: string | null
  readonly retries: number
  readonly retryDelay: number
  readonly maxRetryDelay: number
  readonly connectTimeout: number
  readonly stallTimeout: number
  readonly maxRedirects: number
  readonly limitRate: number | null
  readonly minRate: number | null
  readonly proxy: string | null
  readonly delay: number
  readonly html: 'refuse' | 'accept'
  readonly modified: 'now' | 'server'
  readonly onSegment: NonNullable<DownloadOptions['onSegment']> | null
  readonly signal: AbortSignal | null
}

const NAMES: Readonly<Record<keyof DownloadOptions, true>> = {
  connections: true,
  segmentSize: true,
  headers: true,
  checksum: true,
  resume: true,
  existing: true,
  resumeKey: true,
  retries: true,
  retryDelay: true,
  maxRetryDelay: true,
  connectTimeout: true,
  stallTimeout: true,
  maxRedirects: true,
  limitRate: true,
  minRate: true,
  proxy: true,
  delay: true,
  html: true,
  modified: true,
  onSegment: true,
  signal: true,
}

const DAY = 24 * 60 * 60 * 1000

/**
 * Checks the options and fills in the defaults.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function settingsOf(given: DownloadOptions): Settings {
  const options = readOptions(given, NAMES) as DownloadOptions
  for (const name of ['checksum', 'resumeKey', 'proxy'] as const) assertType(name, options[name], 'string')
  assertType('onSegment', options.onSegment, 'function')
  assertSignal(options.signal)
  const integer = (
    name: keyof DownloadOptions,
    fallback: number,
    limits: readonly [number, number],
  ): number => {
    const value = options[name] === undefined ? fallback : options[name]
    const [least, most] = limits
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
      return value
    throw usage(`${name} must be a whole number from ${least} to ${most}, not ${shown(value)}`)
  }
  const most = Number.MAX_SAFE_INTEGER
  return {
    connections: integer('connections', 4, [1, 64]),
    segmentSize: options.segmentSize === undefined ? null : integer('segmentSize', 0, [1, most]),
    headers: options.headers === undefined ? {} : fieldsOf(options.headers),
    checksum: options.checksum === undefined ? null : parseChecksum(options.checksum),
    resume: choice('resume', options.resume, ['auto', 'never']),
    existing: choice('existing', options.existing, ['refuse', 'replace']),
    resumeKey: options.resumeKey ?? null,
    retries: integer('retries', 5, [0, 1_000_000]),
    retryDelay: integer('retryDelay', 1000, [0, DAY]),
    maxRetryDelay: integer('maxRetryDelay', 300_000, [0, DAY]),
    connectTimeout: integer('connectTimeout', 15_000, [1, DAY]),
    stallTimeout: integer('stallTimeout', 30_000, [1, DAY]),
    maxRedirects: integer('maxRedirects', 10, [0, 1000]),
    limitRate: options.limitRate === undefined ? null : integer('limitRate', 0, [1, most]),
    minRate:
      options.minRate === undefined ? null : integer('minRate', 0, [1, (options.limitRate ?? most) - 1]),
    proxy: options.proxy ?? null,
    delay: integer('delay', 0, [0, DAY]),
    html: choice('html', options.html, ['refuse', 'accept']),
    modified: choice('modified', options.modified, ['now', 'server']),
    onSegment: options.onSegment ?? null,
    signal: options.signal ?? null,
  }
}

/** The first of `allowed` is the default. */
function choice<T extends string>(name: string, value: T | undefined, allowed: readonly [T, ...T[]]): T {
  if (value === undefined) return allowed[0]
  if (allowed.includes(value)) return value
  throw usage(`${name} must be one of ${allowed.join(', ')}, not ${shown(value)}`)
}

function shown(value: unknown): string {
  return typeof value === 'object' || typeof value === 'function' ? `a value of another type` : String(value)
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
