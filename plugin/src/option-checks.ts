import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Check, checkedOptions, type Filter, isPlainObject, wrongOption } from './checked-options.ts'
import { defaultSettings, type RangePluginOptions, type Settings } from './options.ts'
import { propertyOf } from './own-properties.ts'
import { CONNECTION_FIELDS } from './rules/connection-fields.ts'
import { isFieldName, isFieldValue, isMediaType } from './rules/field-value.ts'

type OptionName = keyof RangePluginOptions

const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Each has an option of its own, or follows from the answer or its connection; another value would contradict what is
 * sent.
 */
const OWN_FIELDS = new Set([
  'accept-ranges',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'trailer',
  ...CONNECTION_FIELDS,
])

/** Fastify hands its own options of `register` on to every plugin. */
const REGISTER_OPTIONS: readonly string[] = ['prefix', 'logLevel', 'logSerializers']
/** What a call of `sendRange` cannot change any more. */
const REGISTRATION_ONLY: readonly string[] = ['maxOpenFiles'] satisfies OptionName[]

const isFunction: Check = (value) => typeof value === 'function'
const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value)
const wholeNumber =
  (minimum: number, maximum: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum

const CHECKS: Readonly<Record<OptionName, readonly [Check, string]>> = {
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
  targetSpelling: [oneOf('check', 'exact', 'ignore'), "'check', 'exact' or 'ignore'"],
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
  return typeof value === 'object' && value !== null && isFunction(propertyOf(value, 'open'))
}

function isHeaders(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  return Object.entries(value).every(
    ([name, field]) => isFieldName(name) && !OWN_FIELDS.has(name.toLowerCase()) && isFieldValue(field),
  )
}

/**
 * The settings of a registration: what is not given is as by default. An option that is undefined counts as not given.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for what is no object of options, a value of the wrong kind, or a name
 * that is no option
 */
export function registrationSettings(options: unknown): Settings {
  return overlay(defaultSettings(), options, (name) => !REGISTER_OPTIONS.includes(name))
}

/**
 * The settings of one call of `sendRange`: what is not given is as in its registration.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION`, also for an option that is about the registration
 */
export function callSettings(settings: Settings, options: unknown): Settings {
  return overlay(settings, options, (name, value) => {
    if (!REGISTRATION_ONLY.includes(name) || value === undefined) return true
    throw wrongOption(`The option '${name}' is for the registration only`)
  })
}

function overlay(settings: Settings, options: unknown, isOurs: Filter): Settings {
  const checked: Partial<RangePluginOptions> = checkedOptions(options, CHECKS, isOurs)
  const { root, ...others } = checked as Partial<Omit<Settings, 'root'>> & Pick<RangePluginOptions, 'root'>
  if (root === undefined) return { ...settings, ...others }
  return { ...settings, ...others, root: resolve(root instanceof URL ? fileURLToPath(root) : root) }
}
