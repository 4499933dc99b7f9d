import { multipartLength } from './multipart.ts'
import { type Conditions, evaluatePreconditions, rangeApplies, type Validators } from './preconditions.ts'
import { type ByteRange, parseRangeSet, selectRanges } from './range-set.ts'

/** The ranges and conditions of a request. */
export interface RangeRequest {
  readonly method: string
  readonly conditions: Conditions
  /** The value of the only Range field line; undefined if there is none, or more than one. */
  readonly range: string | undefined
}

/** What the decision needs of the selected representation. */
export interface Selected extends Validators {
  /** In bytes. */
  readonly size: number
  /** `none`: the Range field is ignored. */
  readonly acceptRanges: 'bytes' | 'none'
}

/** What the decision needs besides the request and the representation. */
export interface DecisionPolicy {
  /** More ranges than this in one request make its Range field ignored. */
  readonly maxRanges: number
  /** The Content-Type of each part of a multipart answer. Called only if there is more than one part. */
  readonly partType: () => string | undefined
}

/** How to answer. Decided before anything is written. */
export type Decision =
  | { readonly kind: 'full' }
  | { readonly kind: 'partial'; readonly range: ByteRange }
  | { readonly kind: 'multipart'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'not-modified'; readonly matched: 'strong' | 'weak' }
  | { readonly kind: 'precondition-failed' }
  | { readonly kind: 'unsatisfiable' }

/** The decisions after which bytes of the representation are sent. */
export type ContentDecision = Extract<Decision, { kind: 'full' | 'partial' | 'multipart' }>

const FULL: Decision = { kind: 'full' }

/** Decides how to answer, in the order of RFC 9110 §13.2.2. Pure: the same input gives the same decision. */
export function decide(request: RangeRequest, selected: Selected, policy: DecisionPolicy): Decision {
  const outcome = evaluatePreconditions(request.method, request.conditions, selected)
  if (outcome.kind !== 'proceed') return outcome
  // §14.2: "A server MUST ignore a Range header field received with a request method that is unrecognized or for
  // which range handling is not defined. For this specification, GET is the only method for which range handling
  // is defined."
  if (request.range === undefined || request.method !== 'GET' || selected.acceptRanges === 'none') return FULL
  const parsed = parseRangeSet(request.range, policy.maxRanges)
  if (parsed.kind === 'ignored' || !rangeApplies(request.conditions.ifRange, selected)) return FULL
  const selection = selectRanges(parsed.specs, selected.size)
  if (selection.kind === 'unsatisfiable') return selection
  if (selection.kind === 'whole') return FULL
  const { ranges } = selection
  const [range] = ranges
  if (range !== undefined && ranges.length === 1) return { kind: 'partial', range }
  // §15.3.7.2: "it can be less efficient to transfer many small disjoint parts than it is to transfer the entire
  // selected representation."
  const { size } = selected
  if (multipartLength(ranges, { size, partType: policy.partType() }) >= size) return FULL
  return { kind: 'multipart', ranges }
}
