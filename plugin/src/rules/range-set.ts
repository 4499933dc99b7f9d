/** Both positions are inclusive offsets in bytes, as in RFC 9110 §14.1.2; `first <= last`. */
export interface ByteRange {
  /** Offset of the first byte; 0 is the start. */
  readonly first: number
  /** Offset of the last byte, which belongs to the range: its length is `last - first + 1`. */
  readonly last: number
}

/** One range-spec of a request (RFC 9110 §14.1.1), before the size of the representation is known. */
export type RangeSpec =
  | { readonly kind: 'int-range'; readonly first: number; readonly last: number }
  | { readonly kind: 'suffix-range'; readonly length: number }

/** The content of a Range field. `ignored`: answer as if the field were absent. */
export type ParsedRangeSet =
  | { readonly kind: 'range-set'; readonly specs: readonly RangeSpec[] }
  | { readonly kind: 'ignored'; readonly reason: 'malformed' | 'other-unit' | 'too-many' }

/** The part of a representation that a range set selects. */
export type Selection =
  | { readonly kind: 'ranges'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'whole'; readonly reason: 'empty' | 'overlapping' | 'wasteful' }
  | { readonly kind: 'unsatisfiable' }

const UNIT = 'bytes'
const TAB = 0x09
const SPACE = 0x20
const COMMA = 0x2c
const HYPHEN = 0x2d
const ZERO = 0x30
const NINE = 0x39
const MAX_SAFE_DIGITS = 15

/** RFC 9110 §14.2: "more than two overlapping ranges" is what a server may refuse to serve. */
const MAX_OVERLAPS = 2

/**
 * Parses the value of a Range field, RFC 9110 §14.2 and §14.1.1, in one pass over its characters.
 * A number of any length is read. From 2^53 on it becomes the largest safe integer, since no representation is that
 * large.
 *
 * @param value the field value, without surrounding whitespace
 * @param maxRanges a set with more range-specs than this is ignored
 */
export function parseRangeSet(value: string, maxRanges: number): ParsedRangeSet {
  const equals = value.indexOf('=')
  if (equals <= 0) return { kind: 'ignored', reason: 'malformed' }
  // §14.2: "An origin server MUST ignore a Range header field that contains a range unit it does not understand."
  // §14.1: range unit names are case-insensitive.
  if (value.slice(0, equals).toLowerCase() !== UNIT) return { kind: 'ignored', reason: 'other-unit' }

  const specs: RangeSpec[] = []
  // The grammar has no whitespace before the first element, but an example of §14.1.2 has: "bytes= 0-999, 4500-5499,
  // -1000". It can mean only one thing.
  let at = equals + 1
  while (at < value.length) {
    at = skipWhitespace(value, at)
    // §5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list elements".
    if (value.charCodeAt(at) !== COMMA && at < value.length) {
      const end = specEnd(value, at)
      const spec = parseSpec(value, at, end)
      if (spec === undefined) return { kind: 'ignored', reason: 'malformed' }
      if (specs.length === maxRanges) return { kind: 'ignored', reason: 'too-many' }
      specs.push(spec)
      at = skipWhitespace(value, end)
      if (at < value.length && value.charCodeAt(at) !== COMMA) return { kind: 'ignored', reason: 'malformed' }
    }
    at++
  }
  return specs.length === 0 ? { kind: 'ignored', reason: 'malformed' } : { kind: 'range-set', specs }
}

function skipWhitespace(value: string, from: number): number {
  let at = from
  while (isWhitespace(value.charCodeAt(at))) at++
  return at
}

function isWhitespace(code: number): boolean {
  return code === SPACE || code === TAB
}

/** The end of the run of digits and hyphens that starts at `from`. */
function specEnd(value: string, from: number): number {
  let at = from
  while (isDigit(value.charCodeAt(at)) || value.charCodeAt(at) === HYPHEN) at++
  return at
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

/** `int-range = first-pos "-" [ last-pos ]` or `suffix-range = "-" suffix-length` (§14.1.1). */
function parseSpec(value: string, from: number, end: number): RangeSpec | undefined {
  const hyphen = value.indexOf('-', from)
  if (hyphen === -1 || hyphen >= end) return undefined
  const left = value.slice(from, hyphen)
  const right = value.slice(hyphen + 1, end)
  if (right.includes('-')) return undefined
  if (left === '') return right === '' ? undefined : { kind: 'suffix-range', length: saturate(right) }
  const first = saturate(left)
  if (right === '') return { kind: 'int-range', first, last: Number.MAX_SAFE_INTEGER }
  // §14.1.1: "An int-range is invalid if the last-pos value is present and less than the first-pos."
  if (compareDigits(left, right) > 0) return undefined
  return { kind: 'int-range', first, last: saturate(right) }
}

/** Every whole number below 2^53 is exact, and no larger one is rounded to below it. */
function saturate(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}

function compareDigits(a: string, b: string): number {
  if (a.length <= MAX_SAFE_DIGITS && b.length <= MAX_SAFE_DIGITS) return Number(a) - Number(b)
  const left = stripZeros(a)
  const right = stripZeros(b)
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}

function stripZeros(digits: string): string {
  let at = 0
  while (at < digits.length - 1 && digits.charCodeAt(at) === ZERO) at++
  return digits.slice(at)
}

/**
 * Selects ranges of a representation of `size` bytes, RFC 9110 §14.1.2 and §15.3.7. Unsatisfiable specs of a
 * satisfiable set are dropped. Overlapping and adjacent ranges are joined. The order is that of the request. One spec
 * is always served. Several are answered with the whole representation if more than two overlap, or if they ask for
 * `size` bytes or more.
 */
export function selectRanges(specs: readonly RangeSpec[], size: number): Selection {
  const ranges: ByteRange[] = []
  let satisfiable = false
  let sum = 0
  for (const spec of specs) {
    if (spec.kind === 'suffix-range') satisfiable ||= spec.length > 0
    const range = clamp(spec, size)
    if (range === undefined) continue
    satisfiable = true
    sum += range.last - range.first + 1
    ranges.push(range)
  }
  if (!satisfiable) return { kind: 'unsatisfiable' }
  // A suffix of an empty representation is satisfiable (§14.1.2), yet no Content-Range can describe it.
  if (ranges.length === 0) return { kind: 'whole', reason: 'empty' }
  if (ranges.length === 1) return { kind: 'ranges', ranges }
  const joined = join(ranges)
  if (joined === undefined) return { kind: 'whole', reason: 'overlapping' }
  return sum >= size ? { kind: 'whole', reason: 'wasteful' } : { kind: 'ranges', ranges: joined }
}

function clamp(spec: RangeSpec, size: number): ByteRange | undefined {
  if (size === 0) return undefined
  if (spec.kind === 'int-range') {
    return spec.first >= size ? undefined : { first: spec.first, last: Math.min(spec.last, size - 1) }
  }
  // §14.1.2: "If the selected representation is shorter than the specified suffix-length, the entire
  // representation is used."
  return spec.length === 0 ? undefined : { first: Math.max(0, size - spec.length), last: size - 1 }
}

/**
 * Joins ranges that overlap or touch. A joined range has the place of its earliest part. Undefined for too many
 * overlaps.
 */
function join(ranges: readonly ByteRange[]): ByteRange[] | undefined {
  if (isAscendingAndApart(ranges)) return ranges.slice()
  const order = ranges.map((range, index) => ({ range, index }))
  order.sort((a, b) => a.range.first - b.range.first || a.index - b.index)
  const joined: { first: number; last: number; index: number }[] = []
  let overlaps = 0
  for (const { range, index } of order) {
    const previous = joined.at(-1)
    if (previous === undefined || range.first > previous.last + 1) {
      joined.push({ first: range.first, last: range.last, index })
      continue
    }
    if (range.first <= previous.last && ++overlaps > MAX_OVERLAPS) return undefined
    previous.last = Math.max(previous.last, range.last)
    previous.index = Math.min(previous.index, index)
  }
  joined.sort((a, b) => a.index - b.index)
  return joined.map(({ first, last }) => ({ first, last }))
}

function isAscendingAndApart(ranges: readonly ByteRange[]): boolean {
  let end = -1
  for (const [index, range] of ranges.entries()) {
    if (index > 0 && range.first <= end + 1) return false
    end = range.last
  }
  return true
}
