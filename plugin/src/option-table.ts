import { fileURLToPath } from 'node:url'
import { isPlainObject, type OptionCheck } from './checked-options.ts'
import type { CompleteOptions } from './options.ts'
import { propertyOf } from './own-properties.ts'
import { CONNECTION_FIELDS } from './rules/connection-fields.ts'
import { isFieldName, isFieldValue, isMediaType } from './rules/field-value.ts'

/** One option: its value where it is not given, and what a given value must be. */
interface OptionRow<Value> extends OptionCheck {
  readonly defaultValue: Value
}

type OptionTable = { readonly [Name in keyof CompleteOptions]: OptionRow<CompleteOptions[Name]> }

/** The longest delay of a timer in Node. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Fields that the `headers` option refuses. Each has an option of its own, or follows from the answer or its connection;
 * another value would contradict what is sent.
 */
const REFUSED_FIELDS = new Set([
  'accept-ranges',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'trailer',
  ...CONNECTION_FIELDS,
])

/** Every option, by its name. */
export const OPTION_TABLE: OptionTable = {
  root: { defaultValue: '.', isValid: isRoot, kind: 'a path or a file: URL' },
  source: {
    defaultValue: undefined,
    isValid: isSource,
    kind: 'an object with an open(path, context) method',
  },
  dotfiles: oneOf('ignore', 'deny', 'allow'),
  etag: {
    defaultValue: 'stat',
    isValid: (value) => value === 'stat' || value === 'content' || value === false || isFunction(value),
    kind: "'stat', 'content', a function or false",
  },
  lastModified: oneOf<'mtime' | false>('mtime', false),
  cacheControl: { defaultValue: undefined, isValid: isFieldValue, kind: 'a field value' },
  contentType: {
    defaultValue: undefined,
    isValid: (value) => isMediaType(value) || isFunction(value),
    kind: 'a media type or a function',
  },
  headers: {
    defaultValue: {},
    isValid: isHeaders,
    kind: `an object of field names and values, with none of ${[...REFUSED_FIELDS].join(', ')}`,
  },
  download: {
    defaultValue: false,
    isValid: (value) => typeof value === 'boolean' || typeof value === 'string',
    kind: 'a boolean or a file name',
  },
  acceptRanges: oneOf('bytes', 'none'),
  maxRanges: wholeNumber({ defaultValue: 1000, of: 'ranges', min: 1, max: Number.MAX_SAFE_INTEGER }),
  stallTimeout: wholeNumber({ defaultValue: 60_000, of: 'milliseconds', min: 0, max: MAX_TIMER_MS }),
  encodedSlashes: oneOf('refuse', 'allow'),
  targetSpelling: oneOf('check', 'exact', 'ignore'),
  maxOpenFiles: wholeNumber({ defaultValue: 256, of: 'files', min: 0, max: Number.MAX_SAFE_INTEGER }),
}

/** An option that is one of a few values. The first is the default. */
function oneOf<Value extends string | false>(
  defaultValue: Value,
  ...others: readonly Value[]
): OptionRow<Value> {
  const allowed: readonly unknown[] = [defaultValue, ...others]
  const words = allowed.map((value) => (value === false ? 'false' : `'${value}'`))
  return {
    defaultValue,
    isValid: (value) => allowed.includes(value),
    kind: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
  }
}

interface WholeNumber {
  readonly defaultValue: number
  /** What it counts. */
  readonly of: string
  readonly min: number
  /** `Number.MAX_SAFE_INTEGER`: any. */
  readonly max: number
}

/** An option that is a number. Both bounds are inclusive. */
function wholeNumber({ defaultValue, of, min, max }: WholeNumber): OptionRow<number> {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`
  return {
    defaultValue,
    isValid: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
    kind: `a whole number of ${of}, ${bounds}`,
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
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
    ([name, field]) => isFieldName(name) && !REFUSED_FIELDS.has(name.toLowerCase()) && isFieldValue(field),
  )
}
