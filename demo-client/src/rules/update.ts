// Whether a finished file is still the one that the server has: the condition of a request, and the verdict on its answer.
// Pure.
import { parseContentRange } from './content-range.ts'
import type { Digests } from './digest.ts'
import { digits, type FieldLines, single } from './field-lines.ts'
import { conditionTag, isSameVersion, opaqueTag, type Validators, validatorsOf } from './validators.ts'
import type { Head } from './verdict.ts'
import { wholeDigests } from './whole-digests.ts'

/**
 * The condition that asks whether the file is another version than `held` by now; null if nothing identifies that. It is one
 * field, because some servers that do not know the entity-tag would answer by the date alone.
 */
export function updateCondition(held: Validators): Readonly<Record<string, string>> | null {
  const tag = conditionTag(held)
  // RFC 9110 §13.1.2: "A recipient MUST use the weak comparison function when comparing entity tags for If-None-Match".
  if (tag !== null) return { 'if-none-match': tag }
  return held.dateIsStrong && held.lastModified !== null ? { 'if-modified-since': held.lastModified } : null
}

/**
 * What an answer to that condition says. `'unclear'`: not that the file is the same. `'contradiction'`: `reason` completes a
 * sentence that begins with "the server".
 */
export type UpdateVerdict =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'unclear' }
  | { readonly kind: 'contradiction'; readonly reason: string }

const UNCHANGED: UpdateVerdict = { kind: 'unchanged' }
const UNCLEAR: UpdateVerdict = { kind: 'unclear' }

/** The verdict on the head of an answer to {@link updateCondition}. Some servers ignore conditions, and send the file. */
export function judgeUpdate(held: Validators, { status, fields }: Head): UpdateVerdict {
  if (status === 304) return judgeNotModified(held, fields)
  const range = status === 206 ? parseContentRange(single(fields, 'content-range')) : null
  const total = status === 200 ? digits(single(fields, 'content-length')) : (range?.total ?? null)
  const sent = wholeDigests(fields, status === 200 ? 'whole' : 'part')
  if (sent.kind === 'contradiction' || total === null) return UNCLEAR
  return isStillServed(held, validatorsOf(fields, total, sent.digests)) ? UNCHANGED : UNCLEAR
}

/**
 * RFC 9110 §15.4.5: "The server generating a 304 response MUST generate any of the following header fields that would have
 * been sent in a 200 (OK) response to the same request: Content-Location, Date, ETag, and Vary".
 */
function judgeNotModified(held: Validators, fields: FieldLines): UpdateVerdict {
  const asked = conditionTag(held)
  const tag = single(fields, 'etag')
  if (asked !== null && tag !== null && opaqueTag(tag) !== opaqueTag(asked)) {
    const reason = `answered 304 Not Modified with the entity-tag ${tag}, and ${asked} was asked about`
    return { kind: 'contradiction', reason }
  }
  // §13.1.3: a server may also answer 304 for an older file, which is another version.
  const date = single(fields, 'last-modified')
  if (asked === null && date !== null && date !== held.lastModified) return UNCLEAR
  // §8.6: Content-Length in a 304 is that of the file. Some servers send 0, for the body that a 304 never has.
  const length = digits(single(fields, 'content-length')) ?? 0
  if (length > 0 && length !== held.total) return UNCLEAR
  const sent = wholeDigests(fields, 'part')
  return sent.kind === 'digests' && !contradicts(held.digests, sent.digests) ? UNCHANGED : UNCLEAR
}

/** Is a file whose answer has the validators `got` still the version `held`? A server without conditions may send weak tags. */
export function isStillServed(held: Validators, got: Validators): boolean {
  if (isSameVersion(held, got)) return true
  const [asked, tag] = [conditionTag(held), conditionTag(got)]
  if (asked === null || tag === null || opaqueTag(asked) !== opaqueTag(tag)) return false
  // A weak tag may stay the same for content that only means the same, so nothing else may differ.
  const isSame = held.total === got.total && held.lastModified === got.lastModified
  return isSame && !contradicts(held.digests, got.digests)
}

/** Do two sets of digests show that they are of different content? */
export function contradicts(a: Digests, b: Digests): boolean {
  return Object.entries(a).some(([algorithm, value]) => (b[algorithm] ?? value) !== value)
}
