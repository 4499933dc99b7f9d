import type { Decision, RangeRequest } from './decision.ts'
import { parseEntityTag } from './entity-tag.ts'
import { parseHttpDate } from './http-date.ts'
import { type ByteRange, parseRangeSet, type RangeSpec, selectRanges } from './range-set.ts'

/**
 * What an answer is going to read, as far as the request says before anything is opened. It is a hint, so that one
 * request to a store can serve one answer. Any range may be read in the end, or none: conditions and ranges are decided
 * on what was opened.
 *
 * - `head`: probably nothing. The request is a HEAD, or a client asks whether its copy is still good, or the range can
 *   only be a 416.
 * - `whole`: all bytes.
 * - `range`: one range. Both positions are inclusive offsets. Without `last` it goes to the end. It may begin or end
 *   after the last byte of the representation.
 * - `suffix`: the last `length` bytes, 1 or more. It may be longer than the representation.
 * - `several`: several ranges, in this order. They are left out if they are not known yet, because a suffix is one of
 *   them. They may end after the last byte of the representation.
 */
export type Wanted =
  | { readonly kind: 'head' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'range'; readonly first: number; readonly last?: number }
  | { readonly kind: 'suffix'; readonly length: number }
  | { readonly kind: 'several'; readonly ranges?: readonly ByteRange[] }

/** The limits on ranges that a server has set. */
export interface RangeLimits {
  /** `none`: every answer is whole. */
  readonly acceptRanges: 'bytes' | 'none'
  /** More ranges than this in one request make its Range field ignored. */
  readonly maxRanges: number
}

const HEAD: Wanted = { kind: 'head' }
const WHOLE: Wanted = { kind: 'whole' }

/**
 * What a request wants. It takes the likely outcome of each condition: If-Match, If-Unmodified-Since and If-Range continue
 * a download, which has usually not changed. If-None-Match and If-Modified-Since ask about a copy, which is usually good.
 */
export function wantedBy(request: RangeRequest, { acceptRanges, maxRanges }: RangeLimits): Wanted {
  const { method, range, conditions } = request
  if (method === 'HEAD') return HEAD
  // RFC 9110 §14.2: ranges are for GET only. §13.1.2: another method with If-None-Match fails, or sends all bytes.
  if (method !== 'GET') return WHOLE
  if (conditions.ifNoneMatch !== undefined || conditions.ifModifiedSince !== undefined) return HEAD
  if (range === undefined || acceptRanges === 'none' || !mayApply(conditions.ifRange)) return WHOLE
  const parsed = parseRangeSet(range, maxRanges)
  return parsed.kind === 'ignored' ? WHOLE : wantedOf(parsed.specs)
}

function severalOf(specs: readonly RangeSpec[]): Wanted {
  if (specs.some(({ kind }) => kind === 'suffix-range')) return { kind: 'several' }
  const selection = selectRanges(specs, Number.MAX_SAFE_INTEGER)
  return selection.kind === 'ranges' ? { kind: 'several', ranges: selection.ranges } : { kind: 'several' }
}

/** The same, so that one source cannot change what another one gets. */
export function copyOf(wanted: Wanted): Wanted {
  return wanted.kind === 'several' && wanted.ranges !== undefined
    ? { kind: 'several', ranges: wanted.ranges.map(({ first, last }) => ({ first, last })) }
    : { ...wanted }
}

/** What an answer reads that has been decided like this. */
export function wantedAfter(method: string, decision: Decision): Wanted {
  if (method === 'HEAD') return HEAD
  switch (decision.kind) {
    case 'full':
      return WHOLE
    case 'partial':
      return { kind: 'range', ...decision.range }
    case 'multipart':
      return { kind: 'several', ranges: decision.ranges }
    default:
      return HEAD
  }
}

/** Whether the answer depends on validators of what was opened. */
export function isConditional({ conditions }: Pick<RangeRequest, 'conditions'>): boolean {
  return Object.values(conditions).some((value) => value !== undefined)
}

/** §13.1.5: a weak entity-tag continues no download, and anything but a tag or a date is no validator. */
function mayApply(ifRange: string | undefined): boolean {
  if (ifRange === undefined) return true
  const tag = parseEntityTag(ifRange)
  return tag === undefined ? parseHttpDate(ifRange, 0) !== undefined : tag.strength === 'strong'
}

/** §14.1.2: `-0` selects nothing of any representation. */
function wantedOf(specs: readonly RangeSpec[]): Wanted {
  const [spec, ...others] = specs.filter((each) => each.kind === 'int-range' || each.length > 0)
  if (spec === undefined) return HEAD
  if (others.length > 0) return severalOf(specs)
  if (spec.kind === 'suffix-range') return { kind: 'suffix', length: spec.length }
  const { first, last } = spec
  return last === Number.MAX_SAFE_INTEGER ? { kind: 'range', first } : { kind: 'range', first, last }
}
