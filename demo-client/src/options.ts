// The options of download(): what each means, its default, and its check. Pure.
import { type CallerFields, fieldsOf } from './caller/caller-fields.ts'
import { assertSignal, assertType, readOptions } from './caller/check-arguments.ts'
import { mirrorsOf } from './caller/mirror-urls.ts'
import { DownloadError } from './errors.ts'
import { parseChecksum } from './rules/checksum.ts'
import type { ExpectedDigest } from './rules/digest.ts'
import { isWithin, NUMBER_LIMITS, type NumberLimits, type NumberOption } from './text/option-limits.ts'
import type { SegmentReport } from './transfer/segment-report.ts'

/** Options of `download()`. Sizes in bytes, times in milliseconds. */
export interface DownloadOptions {
  /** Connections at once, 1 to 64. Default 4. Fewer are used where the server refuses. */
  readonly connections?: number
  /** Bytes in one request, at least 1. Default: chosen from the size and the number of connections. */
  readonly segmentSize?: number
  /**
   * Header fields to send, as fetch() takes them: a record, `Headers`, a `Map`, or pairs. A field that is given twice
   * is joined, `Cookie` with `; ` and lists with `, `. A field that has only one value is refused then. Where a redirect
   * leads to another origin, that gets only the harmless ones.
   */
  readonly headers?: CallerFields
  /**
   * The digest that the file must have: `sha-256=` or `sha-512=`, then hexadecimal digits or base64. With it, a file whose server
   * sends no validator can be resumed and fetched in parallel. If the whole is wrong then, it is fetched once more in one
   * piece, before the download ends with `ERR_DOWNLOAD_DIGEST`.
   */
  readonly checksum?: string
  /**
   * Other URLs of the same file, in order of preference. Each is asked, and bytes come from the fastest. Bytes of two servers
   * are joined only if `checksum` is given, or both send an equal sha-256 or sha-512 of the file. Otherwise a mirror is used
   * only if the servers before it fail, from the first byte. Those that were not used are named in `warnings`. A mirror of
   * another origin gets only the harmless ones of `headers`.
   */
  readonly mirrors?: readonly (string | URL)[]
  /**
   * `'shared'`: an equal strong `ETag` of two of these URLs means the same file, as with several names of one server. Default
   * `'own'`: tags of different servers prove nothing.
   */
  readonly mirrorTags?: 'own' | 'shared'
  /** `'never'` starts from the first byte, even where an earlier run has left a part. Default `'auto'`. */
  readonly resume?: 'auto' | 'never'
  /**
   * What to do where the file exists already. `'refuse'` (default) ends with `ERR_DOWNLOAD_EXISTS`. `'replace'` renames
   * the new file over the old one once it is complete and verified, and gives it the old one's mode. Where the path
   * is a symbolic link, the link stays and its target is replaced. `'update'` is the same, but only if the server has another
   * version: it asks with the validators of the file, which a run with `'update'` keeps in a small hidden file beside
   * it. If the file has not changed, neither here nor there, the result has `outcome: 'unchanged'`.
   */
  readonly existing?: 'refuse' | 'replace' | 'update'
  /**
   * What to do where the directory of the file is missing. `'refuse'` (default) ends with `ERR_DOWNLOAD_UNWRITABLE`.
   * `'create'` makes it and its parents before the first request. It stays, even if the download fails.
   */
  readonly missingDirectory?: 'refuse' | 'create'
  /**
   * A name for the download, in place of the URL. A run resumes what an earlier run with the same key has left, even
   * where the URL was another one. For mirrors and renewed links. The server's strong entity-tag still decides.
   */
  readonly resumeKey?: string
  /**
   * Failures in a row without progress before giving up, 0 or more. Default 5. While nothing has been received, the last
   * attempt asks for the whole file without `Range`.
   */
  readonly retries?: number
  /** The first wait before another attempt. It doubles each time, with jitter. Default 1000. */
  readonly retryDelay?: number
  /** The longest wait. A longer Retry-After ends the download, which can be resumed later. Default 300 000. */
  readonly maxRetryDelay?: number
  /** The longest time to set up a connection. Default 15 000. */
  readonly connectTimeout?: number
  /** The longest time without the head of an answer, or without a further byte. Default 30 000. */
  readonly stallTimeout?: number
  /** Redirects to follow for one answer, 0 or more. Default 10. */
  readonly maxRedirects?: number
  /** Bytes per second for all connections together. Default: no limit. */
  readonly limitRate?: number
  /**
   * The lowest useful rate, in bytes per second for all connections together, below `limitRate`. A download that stays
   * slower for `stallTimeout` is given up and asked for again, `retries` times in a row. Default: no rate is required.
   * Silence ends a request in any case.
   */
  readonly minRate?: number
  /**
   * URL of an http or https proxy, or of a SOCKS5 proxy: `socks5h:` lets the proxy look up names, `socks5:` does it
   * here. Default: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
   */
  readonly proxy?: string
  /**
   * A file with certificates in PEM form: the only CAs that are trusted, also for https proxies. Default: those in the
   * file `SSL_CERT_FILE`, or otherwise those of Node, and those in `NODE_EXTRA_CA_CERTS`. `ERR_DOWNLOAD_USAGE` if it cannot be used.
   */
  readonly caFile?: string
  /**
   * A file with the certificate of the caller in PEM form, with those up to its CA. It is shown to the origin of the URL only,
   * not to a proxy or another origin that a redirect leads to.
   */
  readonly certFile?: string
  /** A file with the key of that certificate in PEM form, without a passphrase. Default: it is in `certFile`. */
  readonly keyFile?: string
  /**
   * `'use'`: a user and password for each host come from the file that the environment variable `NETRC` names, or from
   * `.netrc` in the home directory. What `headers` or the URL says comes first. The target of a redirect gets only
   * those of its own entry, and only over https. Default `'ignore'`.
   */
  readonly netrc?: 'ignore' | 'use'
  /** The wait between two segments of one connection. Default 0. */
  readonly delay?: number
  /**
   * Whether to accept a page or an error message that a server sends in place of a file. Default `'refuse'`:
   * `ERR_DOWNLOAD_PROTOCOL`, before anything reaches the disk. An answer with the Content-Type of a page is refused where
   * the extension of the URL, of a redirect's target, of the server's file name or of the output is not that of a page. A
   * name without an extension decides nothing. Where a name is that of a binary format and the Content-Type is not, the
   * first bytes decide as well: those of an HTML page, of an XML error of an object store, or of a Git LFS pointer are
   * refused, and so is JSON with the Content-Type of JSON.
   */
  readonly html?: 'refuse' | 'accept'
  /** `'server'` gives the file the date in Last-Modified. Default `'now'`. */
  readonly modified?: 'now' | 'server'
  /**
   * Called after each answer, in order of arrival. If it throws, or returns a promise that is rejected, the download ends
   * with `ERR_DOWNLOAD_USAGE`. The download waits for its promises only before the file gets its name.
   */
  readonly onSegment?: (report: SegmentReport) => void | PromiseLike<void>
  /** Aborting it stops the download, which can be resumed later. */
  readonly signal?: AbortSignal
}

/** Options of `download()` to a stream. Those that only a file can have are left out. */
export interface StreamOptions
  extends Omit<
    DownloadOptions,
    'mirrors' | 'mirrorTags' | 'resume' | 'existing' | 'missingDirectory' | 'resumeKey' | 'modified'
  > {
  /**
   * The most bytes that wait in memory, because those before them have not come or because the reader is behind. At least
   * 65 536. Connections fetch ahead within it. Default 67 108 864.
   */
  readonly buffer?: number
}

/** The options of a download to a file or to a stream. */
export type AnyOptions = DownloadOptions & StreamOptions

type OptionName = keyof AnyOptions

/** Options that are kept in another form than a caller gives them. */
interface Converted {
  readonly headers: Readonly<Record<string, string>>
  readonly checksum: ExpectedDigest
  readonly mirrors: readonly string[]
}

type ValueOf<Name extends OptionName> = Name extends keyof Converted
  ? Converted[Name]
  : NonNullable<AnyOptions[Name]>

/** Options that are null in the settings where a caller leaves them out. */
type OptionWithoutDefault =
  | 'segmentSize'
  | 'checksum'
  | 'resumeKey'
  | 'limitRate'
  | 'minRate'
  | 'proxy'
  | 'caFile'
  | 'certFile'
  | 'keyFile'
  | 'onSegment'
  | 'signal'

/** All options, checked, with every default filled in. */
export type Settings = {
  readonly [Name in OptionName]-?: ValueOf<Name> | (Name extends OptionWithoutDefault ? null : never)
}

/** In bytes. */
export const DEFAULT_BUFFER: number = 64 * 1024 * 1024

const DEFAULTS: Settings = {
  buffer: DEFAULT_BUFFER,
  connections: 4,
  segmentSize: null,
  headers: {},
  checksum: null,
  mirrors: [],
  mirrorTags: 'own',
  resume: 'auto',
  existing: 'refuse',
  missingDirectory: 'refuse',
  resumeKey: null,
  retries: 5,
  retryDelay: 1000,
  maxRetryDelay: 300_000,
  connectTimeout: 15_000,
  stallTimeout: 30_000,
  maxRedirects: 10,
  limitRate: null,
  minRate: null,
  proxy: null,
  caFile: null,
  certFile: null,
  keyFile: null,
  netrc: 'ignore',
  delay: 0,
  html: 'refuse',
  modified: 'now',
  onSegment: null,
  signal: null,
}

type ChoiceOption = 'mirrorTags' | 'resume' | 'existing' | 'missingDirectory' | 'html' | 'modified' | 'netrc'

const CHOICES: { readonly [Name in ChoiceOption]: readonly Settings[Name][] } = {
  mirrorTags: ['own', 'shared'],
  resume: ['auto', 'never'],
  existing: ['refuse', 'replace', 'update'],
  missingDirectory: ['refuse', 'create'],
  html: ['refuse', 'accept'],
  modified: ['now', 'server'],
  netrc: ['ignore', 'use'],
}

const TEXTS = ['checksum', 'resumeKey', 'proxy', 'caFile', 'certFile', 'keyFile'] as const

/**
 * Checks the options and fills in the defaults.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function settingsOf(given: AnyOptions): Settings {
  const options = readOptions(given, DEFAULTS) as AnyOptions
  for (const name of TEXTS) assertType(name, options[name], 'string')
  assertType('onSegment', options.onSegment, 'function')
  assertSignal(options.signal)
  const number = <Name extends NumberOption>(name: Name): number | Settings[Name] =>
    options[name] === undefined
      ? DEFAULTS[name]
      : wholeNumber(name, options[name], limitsOf(name, options.limitRate))
  return {
    buffer: number('buffer'),
    connections: number('connections'),
    segmentSize: number('segmentSize'),
    headers: options.headers === undefined ? DEFAULTS.headers : fieldsOf(options.headers),
    checksum: options.checksum === undefined ? DEFAULTS.checksum : parseChecksum(options.checksum),
    mirrors: options.mirrors === undefined ? DEFAULTS.mirrors : mirrorsOf(options.mirrors),
    mirrorTags: choiceOf(options, 'mirrorTags'),
    resume: choiceOf(options, 'resume'),
    existing: choiceOf(options, 'existing'),
    missingDirectory: choiceOf(options, 'missingDirectory'),
    resumeKey: options.resumeKey ?? DEFAULTS.resumeKey,
    retries: number('retries'),
    retryDelay: number('retryDelay'),
    maxRetryDelay: number('maxRetryDelay'),
    connectTimeout: number('connectTimeout'),
    stallTimeout: number('stallTimeout'),
    maxRedirects: number('maxRedirects'),
    limitRate: number('limitRate'),
    minRate: number('minRate'),
    proxy: options.proxy ?? DEFAULTS.proxy,
    caFile: options.caFile ?? DEFAULTS.caFile,
    certFile: options.certFile ?? DEFAULTS.certFile,
    keyFile: options.keyFile ?? DEFAULTS.keyFile,
    netrc: choiceOf(options, 'netrc'),
    delay: number('delay'),
    html: choiceOf(options, 'html'),
    modified: choiceOf(options, 'modified'),
    onSegment: options.onSegment ?? DEFAULTS.onSegment,
    signal: options.signal ?? DEFAULTS.signal,
  }
}

function choiceOf<Name extends ChoiceOption>(options: DownloadOptions, name: Name): Settings[Name] {
  const value: unknown = options[name] === undefined ? DEFAULTS[name] : options[name]
  const found = CHOICES[name].find((allowed) => allowed === value)
  if (found !== undefined) return found
  throw usage(`${name} must be one of ${CHOICES[name].join(', ')}, not ${shown(value)}`)
}

/** A `minRate` must be below the rate that is allowed. */
function limitsOf(name: NumberOption, limitRate: number | undefined): NumberLimits {
  const limits = NUMBER_LIMITS[name]
  return name === 'minRate' && limitRate !== undefined ? { ...limits, most: limitRate - 1 } : limits
}

function wholeNumber(name: string, value: unknown, limits: NumberLimits): number {
  if (isWithin(value, limits)) return value
  const { least, most } = limits
  throw usage(`${name} must be a whole number from ${least} to ${most}, not ${shown(value)}`)
}

function shown(value: unknown): string {
  if (typeof value === 'object' || typeof value === 'function') return 'a value of another type'
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
