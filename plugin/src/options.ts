import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SendRangeError } from './errors.ts'
import type { EtagPolicy } from './file-source.ts'
import type { EncodedSlashes } from './request-spelling.ts'
import type { Dotfiles } from './resolve-path.ts'
import type { RangeSource } from './source.ts'

/** What can be set for the plugin and overridden in each call of `reply.sendRange(path, options)`. */
export interface SendRangeOptions {
  /** The folder that paths are relative to and that nothing leads out of. Default: the working directory. */
  root?: string | URL
  /** Where representations come from instead of files below `root`. Default: files. */
  source?: RangeSource
  /** Paths with a segment that starts with a dot: 404, 403, or served. Default `'ignore'`. */
  dotfiles?: Dotfiles
  /** A file's ETag. Default `'stat'`. */
  etag?: EtagPolicy
  /** A file's Last-Modified, from the second after its mtime on. Default `'mtime'`. */
  lastModified?: 'mtime' | false
  /** The Cache-Control of 200, 206 and 304. Default: none is set. */
  cacheControl?: string
  /** The Content-Type, or a function of the path (undefined: as by default). Default: by the extension. */
  contentType?: string | ((path: string) => string | undefined)
  /** More fields for 200 and 206; none that an option above or the answer itself decides. Default: none. */
  headers?: Readonly<Record<string, string>>
  /** Content-Disposition: `true` takes the path's last segment as file name, a string is the name. Default `false`. */
  download?: boolean | string
  /** `'none'` says so, answers every request whole, and lets a file grow meanwhile. Default `'bytes'`. */
  acceptRanges?: 'bytes' | 'none'
  /** A Range field with more ranges than this is ignored. Default 1000, minimum 1. */
  maxRanges?: number
  /** Ms without progress after which a client that does not take its bytes is cut. 0: never. Default 60000. */
  stallTimeout?: number
  /** Whether `%2F` in the request's path is refused (404) or data of a route parameter. Default `'refuse'`. */
  encodedSlashes?: EncodedSlashes
}

/** Options of the registration. */
export interface RangePluginOptions extends SendRangeOptions {
  /** Descriptors of recently served files that are kept open, at most. 0: none. Default 256. */
  maxOpenFiles?: number
}

/** Options with every default filled in. */
export interface Settings {
  readonly root: string
  readonly source: RangeSource | undefined
  readonly dotfiles: Dotfiles
  readonly etag: EtagPolicy
  readonly lastModified: 'mtime' | false
  readonly cacheControl: string | undefined
  readonly contentType: string | ((path: string) => string | undefined) | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly download: boolean | string
  readonly acceptRanges: 'bytes' | 'none'
  readonly maxRanges: number
  readonly stallTimeout: number
  readonly encodedSlashes: EncodedSlashes
  readonly maxOpenFiles: number
}

/** What holds where nothing is said. */
export function defaultSettings(): Settings {
  return {
    root: process.cwd(),
    source: undefined,
    dotfiles: 'ignore',
    etag: 'stat',
    lastModified: 'mtime',
    cacheControl: undefined,
    contentType: undefined,
    headers: {},
    download: false,
    acceptRanges: 'bytes',
    maxRanges: 1000,
    stallTimeout: 60_000,
    encodedSlashes: 'refuse',
    maxOpenFiles: 256,
  }
}

type Check = (value: unknown) => boolean

const MAX_TIMER_MS = 2 ** 31 - 1
// RFC 9110 §5.5: what a field value may hold; CR, LF and NUL would split the message.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Each has an option of its own or follows from the answer; another value would contradict what is sent. */
const OWN_FIELDS = new Set([
  'accept-ranges',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'transfer-encoding',
])

const isFieldValue: Check = (value) => typeof value === 'string' && FIELD_VALUE.test(value)
/** Whether a Content-Type can be made of it; a multipart answer repeats it in the head of each part. */
export const isMediaType = (value: unknown): value is string => isFieldValue(value) && value !== ''
const isFunction: Check = (value) => typeof value === 'function'
const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value)
const wholeNumber =
  (minimum: number, maximum: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum

const CHECKS: Readonly<Record<keyof RangePluginOptions, readonly [Check, string]>> = {
  root: [isRoot, 'a path or a file: URL'],
  source: [isSource, 'an object with an open(path, context) method'],
  dotfiles: [oneOf('ignore', 'deny', 'allow'), "'ignore', 'deny' or 'allow'"],
  etag: [
    (value) => oneOf('stat', 'content', false)(value) || isFunction(value),
    "'stat', 'content', a function or false",
  ],
  lastModified: [oneOf('mtime', false), "'mtime' or false"],
  cacheControl: [isFieldValue, 'a field value'],
  contentType: [(value) => isMediaType(value) || isFunction(value), 'a media type or a function'],
  headers: [isHeaders, `an object of field names and values, with none of ${[...OWN_FIELDS].join(', ')}`],
  download: [(value) => typeof value === 'boolean' || typeof value === 'string', 'a boolean or a file name'],
  acceptRanges: [oneOf('bytes', 'none'), "'bytes' or 'none'"],
  maxRanges: [wholeNumber(1, Number.MAX_SAFE_INTEGER), 'a whole number of at least 1'],
  stallTimeout: [wholeNumber(0, MAX_TIMER_MS), 'a whole number of milliseconds, 0 or more'],
  encodedSlashes: [oneOf('refuse', 'allow'), "'refuse' or 'allow'"],
  maxOpenFiles: [wholeNumber(0, Number.MAX_SAFE_INTEGER), 'a whole number, 0 or more'],
}

function isRoot(value: unknown): boolean {
  const path = value instanceof URL ? pathOfUrl(value) : value
  return typeof path === 'string' && path !== '' && !path.includes('\0')
}

function pathOfUrl(url: URL): string | undefined {
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}

function isSource(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'open' in value && isFunction(value.open)
}

function isHeaders(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  return Object.entries(value).every(
    ([name, field]) => FIELD_NAME.test(name) && !OWN_FIELDS.has(name.toLowerCase()) && isFieldValue(field),
  )
}

/** A Map, a Headers object and an array have entries that are no fields, or fields that are no entries. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * Lays options over settings. An option that is undefined counts as not given.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for a value of the wrong kind, or a name that is no option
 */
export function applyOptions(settings: Settings, options: RangePluginOptions): Settings {
  const given: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof RangePluginOptions] : undefined
    if (check === undefined) throw new SendRangeError('ERR_RANGE_OPTION', `There is no option '${name}'`)
    const [isValid, kind] = check
    if (!isValid(value)) throw new SendRangeError('ERR_RANGE_OPTION', `The option '${name}' must be ${kind}`)
    given[name] = value
  }
  const { root, ...rest } = given as RangePluginOptions
  const absolute =
    root === undefined ? settings.root : resolve(root instanceof URL ? fileURLToPath(root) : root)
  return { ...settings, ...(rest as Partial<Settings>), root: absolute }
}

/**
 * The same for one call of `sendRange`.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION`, also for an option that is about the registration
 */
export function overrideSettings(settings: Settings, options: SendRangeOptions): Settings {
  if ('maxOpenFiles' in options) {
    throw new SendRangeError('ERR_RANGE_OPTION', "The option 'maxOpenFiles' is for the registration only")
  }
  return applyOptions(settings, options)
}
