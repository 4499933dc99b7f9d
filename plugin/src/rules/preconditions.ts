import { type EntityTag, parseEntityTag, parseEntityTags, strongMatch, weakMatch } from './entity-tag.ts'
import { parseHttpDate } from './http-date.ts'

/** The conditional fields of a request, RFC 9110 §13.1; a field that is absent or unusable is undefined. */
export interface Conditions {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
  readonly ifModifiedSince?: string | undefined
  readonly ifUnmodifiedSince?: string | undefined
  readonly ifRange?: string | undefined
}

/** What conditions are compared with: the validators of the selected representation, now. */
export interface Validators {
  readonly etag: EntityTag | undefined
  /** Whole seconds since the epoch: the Last-Modified, if it is sent. */
  readonly lastModified: number | undefined
  /**
   * `weak` if another version is known to have the same date. `open` if another version can still get it: such a date
   * is not sent. Default `strong`.
   */
  readonly lastModifiedStrength?: 'strong' | 'weak' | 'open'
  /** Whole seconds since the epoch. */
  readonly now: number
}

/**
 * `not-modified` has the strength of the tag that the client has sent, so that the 304 repeats the tag that this client
 * was given. After a hook that compresses, a client has the weak form.
 */
export type PreconditionOutcome =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'precondition-failed' }
  | { readonly kind: 'not-modified'; readonly matched: 'strong' | 'weak' }

const PROCEED: PreconditionOutcome = { kind: 'proceed' }
const FAILED: PreconditionOutcome = { kind: 'precondition-failed' }

/**
 * §13.2.1: "a server MUST ignore the conditional request header fields … when received with a request method that does
 * not involve the selection or modification of a selected representation".
 */
const SELECTS_NOTHING = new Set(['OPTIONS', 'TRACE', 'CONNECT'])

/** §8.8.2.2: a Last-Modified is a strong validator only if it is at least one second before now. */
const STRONG_DATE_AGE = 1

/** Evaluates all conditions except If-Range, in the order of RFC 9110 §13.2.2. */
export function evaluatePreconditions(
  method: string,
  conditions: Conditions,
  validators: Validators,
): PreconditionOutcome {
  if (SELECTS_NOTHING.has(method)) return PROCEED
  const safe = method === 'GET' || method === 'HEAD'
  // §13.2.2, steps 1 and 2: If-Unmodified-Since counts only if "If-Match is not present".
  if (conditions.ifMatch !== undefined) {
    if (!matches(conditions.ifMatch, validators.etag)) return FAILED
  } else if (modifiedSince(conditions.ifUnmodifiedSince, validators) === 'yes') {
    return FAILED
  }
  // Steps 3 and 4: If-Modified-Since counts only "when the method is GET or HEAD, If-None-Match is not present".
  if (conditions.ifNoneMatch !== undefined) {
    const matched = noneMatchHit(conditions.ifNoneMatch, validators.etag)
    if (matched === undefined) return PROCEED
    return safe ? { kind: 'not-modified', matched } : FAILED
  }
  if (safe && modifiedSince(conditions.ifModifiedSince, validators) === 'no') {
    return { kind: 'not-modified', matched: 'strong' }
  }
  return PROCEED
}

/** §13.1.1: If-Match uses the strong comparison; `*` is true for any current representation. */
function matches(field: string, etag: EntityTag | undefined): boolean {
  if (field === '*') return true
  return etag !== undefined && parseEntityTags(field).some((listed) => strongMatch(listed, etag))
}

/** §13.1.2: If-None-Match uses the weak comparison. Returns the strength that the listed tag had. */
function noneMatchHit(field: string, etag: EntityTag | undefined): 'strong' | 'weak' | undefined {
  if (field === '*') return 'strong'
  if (etag === undefined) return undefined
  let hit: 'weak' | undefined
  for (const listed of parseEntityTags(field)) {
    if (!weakMatch(listed, etag)) continue
    if (listed.strength === 'strong') return 'strong'
    hit = 'weak'
  }
  return hit
}

/**
 * §13.1.3 and §13.1.4: `unknown` for a field that is not an HTTP-date, and for a representation without a date. A date
 * that is not sent yet is compared all the same: a representation with a later date than the field was modified since.
 */
function modifiedSince(field: string | undefined, validators: Validators): 'yes' | 'no' | 'unknown' {
  const { lastModified, lastModifiedStrength = 'strong' } = validators
  if (field === undefined || lastModified === undefined) return 'unknown'
  const date = parseHttpDate(field, validators.now)
  if (date === undefined) return 'unknown'
  if (lastModified > date) return 'yes'
  // If two versions have the same date, or may get it, the representation may have changed since.
  if (lastModified === date && lastModifiedStrength !== 'strong') return 'yes'
  return lastModifiedStrength === 'open' ? 'unknown' : 'no'
}

/**
 * Evaluates If-Range, RFC 9110 §13.1.5: true if it is absent, if its entity-tag matches by the strong comparison, or if
 * its date is exactly the Last-Modified and that date is a strong validator.
 */
export function rangeApplies(ifRange: string | undefined, validators: Validators): boolean {
  if (ifRange === undefined) return true
  const tag = parseEntityTag(ifRange)
  if (tag !== undefined) return validators.etag !== undefined && strongMatch(tag, validators.etag)
  const date = parseHttpDate(ifRange, validators.now)
  if (date === undefined || date !== validators.lastModified) return false
  // §13.1.5, 1: "If the HTTP-date validator provided is not a strong validator in the sense defined by Section 8.8.2.2,
  // the condition is false."
  if (validators.lastModifiedStrength === 'weak' || validators.lastModifiedStrength === 'open') return false
  return validators.now - date >= STRONG_DATE_AGE
}
