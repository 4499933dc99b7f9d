import { FILE_OPTION_TABLE } from './files/file-options.ts'
import { isPlainObject } from './option-checks.ts'
import { type OptionRows, oneOf, wholeNumber } from './option-row-types.ts'
import type { CompleteOptions } from './options.ts'
import { ANSWER_FIELDS, isApplicationField } from './rules/application-fields.ts'
import { cacheControlText } from './rules/cache-control.ts'
import { isFieldValue, isMediaType } from './rules/field-value.ts'
import { isHandOver } from './rules/hand-over.ts'
import { isSource } from './sources/source-checks.ts'

/** The longest delay of a timer in Node. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** An option that is a function, or not given. */
const FUNCTION = {
  defaultValue: undefined,
  isValid: (value: unknown): boolean => typeof value === 'function',
  kind: 'a function',
}

/** Every option, by its name. */
export const OPTION_TABLE: OptionRows<CompleteOptions> = {
  ...FILE_OPTION_TABLE,
  source: {
    defaultValue: undefined,
    isValid: isSource,
    kind: 'an object with an open(path, context) method',
  },
  lastModified: oneOf<'mtime' | false>('mtime', false),
  cacheControl: {
    defaultValue: undefined,
    isValid: (value) =>
      isFieldValue(value) || (isPlainObject(value) && cacheControlText(value) !== undefined),
    kind: 'a field value, or an object of directives that do not contradict each other, with times in seconds',
  },
  contentType: {
    defaultValue: undefined,
    isValid: (value) => isMediaType(value) || typeof value === 'function',
    kind: 'a media type or a function',
  },
  headers: {
    defaultValue: {},
    isValid: (value) => typeof value === 'function' || isHeaders(value),
    kind: `a function, or an object of field names and values, with none of ${ANSWER_FIELDS.join(', ')}`,
  },
  download: {
    defaultValue: false,
    isValid: (value) => typeof value === 'boolean' || typeof value === 'string',
    kind: 'a boolean or a file name',
  },
  digest: oneOf<'wanted' | 'always' | false>('wanted', 'always', false),
  maxRanges: wholeNumber({ defaultValue: 1000, of: 'ranges', min: 1, max: Number.MAX_SAFE_INTEGER }),
  stallTimeout: wholeNumber({ defaultValue: 60_000, of: 'milliseconds', min: 0, max: MAX_TIMER_MS }),
  encodedSlashes: oneOf('refuse', 'allow'),
  targetSpelling: oneOf('check', 'exact', 'ignore'),
  index: {
    defaultValue: false,
    isValid: (value) => value === false || isFileName(value),
    kind: 'the name of a file or false',
  },
  extensions: {
    defaultValue: [],
    isValid: (value) => Array.isArray(value) && value.every((each) => isFileName(each) && each[0] === '.'),
    kind: "a list of extensions, such as '.html'",
  },
  onNotFound: FUNCTION,
  onEnd: FUNCTION,
  handOver: {
    defaultValue: false,
    isValid: (value) => value === false || (isPlainObject(value) && isHandOver(value)),
    kind: "false, { header: 'X-Sendfile' } or { header: 'X-Accel-Redirect', prefix }, with a prefix like '/__files/'",
  },
}

/** Whether a value can be the name of a file, or the end of one. */
function isFileName(value: unknown): value is string {
  return typeof value === 'string' && /^[^/\\\0]+$/.test(value) && !/^\.{1,2}$/.test(value)
}

function isHeaders(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  return Object.entries(value).every(([name, field]) => isApplicationField(name, field))
}
