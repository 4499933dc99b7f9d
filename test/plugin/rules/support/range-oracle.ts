/**
 * What RFC 9110 §14 and the policies for wasteful sets make of a Range field, written down naively: regular
 * expressions for the grammar, BigInt for the numbers, every pair of ranges compared. Shares no line with the plugin.
 */

/** Both inclusive. */
export interface OraclePart {
  readonly first: bigint
  readonly last: bigint
}

export type OracleAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'parts'; readonly parts: readonly OraclePart[] }

// ranges-specifier = range-unit "=" range-set; range-unit = token
const RANGES_SPECIFIER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(.*)$/s
// int-range / suffix-range; the bytes unit has no other-range
const RANGE_SPEC = '(?:[0-9]+-[0-9]*|-[0-9]+)'
// #element => [ element ] *( OWS "," OWS [ element ] ), and whitespace first as in an example of §14.1.2
const RANGE_SET = new RegExp(`^[ \t]*(?:${RANGE_SPEC})?(?:[ \t]*,[ \t]*(?:${RANGE_SPEC})?)*$`)

/** The type of what the oracle is asked about. */
export const ORACLE_TYPE = 'text/plain; charset=utf-8'

const WHOLE: OracleAnswer = { kind: 'whole' }

/** The answer to `Range: value` for a representation of `size` bytes, `value` without surrounding whitespace. */
export function askOracle(value: string, size: bigint, maxRanges: number): OracleAnswer {
  const [, unit = '', set = ''] = RANGES_SPECIFIER.exec(value) ?? []
  if (unit.toLowerCase() !== 'bytes' || !RANGE_SET.test(set)) return WHOLE
  const specs = [...set.matchAll(/(\d*)-(\d*)/g)].map(([, left = '', right = '']) => ({ left, right }))
  const invalid = specs.some(({ left, right }) => left !== '' && right !== '' && BigInt(right) < BigInt(left))
  if (specs.length === 0 || invalid || specs.length > maxRanges) return WHOLE
  const satisfiable = specs.filter(({ left, right }) =>
    left === '' ? BigInt(right) > 0n : BigInt(left) < size,
  )
  if (satisfiable.length === 0) return { kind: 'unsatisfiable' }
  if (size === 0n) return WHOLE
  return compose(
    satisfiable.map(({ left, right }) => slice(left, right, size)),
    size,
  )
}

function slice(left: string, right: string, size: bigint): OraclePart {
  if (left === '') return { first: BigInt(right) > size ? 0n : size - BigInt(right), last: size - 1n }
  return { first: BigInt(left), last: right === '' || BigInt(right) >= size ? size - 1n : BigInt(right) }
}

function compose(asked: readonly OraclePart[], size: bigint): OracleAnswer {
  if (asked.length > 1) {
    const sum = asked.reduce((total, part) => total + part.last - part.first + 1n, 0n)
    // "more than two overlapping ranges" (§14.2): as many as would have to go until no two share a byte.
    const overlapping = asked.length - groups(asked, 0n).length
    if (sum >= size || overlapping > 2) return WHOLE
  }
  const parts = groups(asked, 1n).map((group) => ({
    first: group.map((part) => part.first).reduce((a, b) => (a < b ? a : b)),
    last: group.map((part) => part.last).reduce((a, b) => (a > b ? a : b)),
  }))
  return parts.length > 1 && multipartBytes(parts, size) >= size ? WHOLE : { kind: 'parts', parts }
}

/** The length of a multipart answer: its text, written down, and the bytes of its ranges. */
function multipartBytes(parts: readonly OraclePart[], size: bigint): bigint {
  const boundary = '0'.repeat(36)
  const heads = parts.map(
    ({ first, last }) =>
      `\r\n--${boundary}\r\nContent-Type: ${ORACLE_TYPE}\r\nContent-Range: bytes ${first}-${last}/${size}\r\n\r\n`,
  )
  const bytes = parts.reduce((total, { first, last }) => total + last - first + 1n, 0n)
  return BigInt(`${heads.join('')}\r\n--${boundary}--\r\n`.length) + bytes
}

/** Ranges that hang together, those with less than `reach` bytes between them, by the place of the first asked. */
function groups(asked: readonly OraclePart[], reach: bigint): OraclePart[][] {
  const label = asked.map((_, index) => index)
  for (let round = 0; round < asked.length; round++) {
    for (const [i, a] of asked.entries()) {
      for (const [j, b] of asked.entries()) {
        const together = a.first <= b.last + reach && b.first <= a.last + reach
        if (together) label[i] = label[j] = Math.min(Number(label[i]), Number(label[j]))
      }
    }
  }
  return [...new Set(label)]
    .sort((a, b) => a - b)
    .map((name) => asked.filter((_, index) => label[index] === name))
}

/** Parts, from ranges as the plugin has them. */
export function partsOf(ranges: readonly { first: number; last: number }[]): OracleAnswer {
  return {
    kind: 'parts',
    parts: ranges.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) })),
  }
}

export function sameAnswer(a: OracleAnswer, b: OracleAnswer): boolean {
  return show(a) === show(b)
}

/** An answer in a few words. */
export function show(answer: OracleAnswer): string {
  if (answer.kind !== 'parts') return answer.kind
  return answer.parts.map(({ first, last }) => `${first}-${last}`).join(',')
}
