// Which version of a file an answer is about, and whether two answers are about the same one.
import { type FieldLines, single } from './field-lines.ts'
import { parseHttpDate } from './http-date.ts'

/** What an answer says about the version of the file. */
export interface Identity {
  /** Size of the whole file in bytes; null where the answer does not tell. */
  readonly total: number | null
  /** The entity-tag as sent, quotes and `W/` included, or null. */
  readonly etag: string | null
  /** Last-Modified as sent, or null. */
  readonly lastModified: string | null
  /** Is that date a strong validator (RFC 9110 §8.8.2.2)? */
  readonly dateIsStrong: boolean
  /** Repr-Digest values by algorithm, base64; only those this program can verify. */
  readonly digests: Readonly<Record<string, string>>
}

const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/
const SECOND = 1000

/** The validators of an answer. `total` and `digests` are found elsewhere and handed in. */
export function identityOf(
  fields: FieldLines,
  total: number | null,
  digests: Readonly<Record<string, string>>,
): Identity {
  const tag = single(fields, 'etag')
  const lastModified = single(fields, 'last-modified')
  return {
    total,
    etag: tag !== null && ENTITY_TAG.test(tag) ? tag : null,
    lastModified,
    dateIsStrong: isStrongDate(lastModified, single(fields, 'date')),
    digests,
  }
}

// RFC 9110 §8.8.2.2: a Last-Modified is "implicitly weak unless it is possible to deduce that it is strong",
// for a client when "the associated Date value is at least one second later than the Last-Modified value".
function isStrongDate(lastModified: string | null, date: string | null): boolean {
  if (lastModified === null || date === null) return false
  const modified = parseHttpDate(lastModified)
  const sent = parseHttpDate(date)
  return modified !== null && sent !== null && sent - modified >= SECOND
}

/** The strong entity-tag, or null. */
export function strongTag(identity: Identity): string | null {
  return identity.etag !== null && !identity.etag.startsWith('W/') ? identity.etag : null
}

/** What If-Range may carry (RFC 9110 §13.1.5: strong validators only), or null. */
export function rangeValidator(identity: Identity): string | null {
  const tag = strongTag(identity)
  if (tag !== null) return tag
  return identity.dateIsStrong ? identity.lastModified : null
}

/** Can another answer ever be proven to be about the same version as this one? */
export function isJoinable(identity: Identity): boolean {
  if (identity.total === null) return false
  return rangeValidator(identity) !== null || Object.keys(identity.digests).length > 0
}

/**
 * Are two answers about the same version? Only these prove it: an equal Repr-Digest (RFC 9530: a hash of the
 * whole content), an equal strong entity-tag, or, with no strong tag on either side, an equal Last-Modified
 * that is strong on both. A size that both sides tell must agree in any case. A date beside strong tags says nothing: it
 * differs between the nodes of one server. RFC 9110 §13.2.2 compares dates only where no entity-tag was sent.
 */
export function isSameVersion(a: Identity, b: Identity): boolean {
  if (a.total !== null && b.total !== null && a.total !== b.total) return false
  const digest = compareDigests(a, b)
  if (digest !== 'unknown') return digest === 'equal'
  const tags = [strongTag(a), strongTag(b)]
  if (tags[0] !== null || tags[1] !== null) return tags[0] === tags[1]
  if (a.lastModified !== b.lastModified) return false
  if (a.etag !== b.etag) return false
  return a.lastModified !== null && a.dateIsStrong && b.dateIsStrong
}

function compareDigests(a: Identity, b: Identity): 'equal' | 'different' | 'unknown' {
  let verdict: 'equal' | 'unknown' = 'unknown'
  for (const [algorithm, value] of Object.entries(a.digests)) {
    const other = b.digests[algorithm]
    if (other === undefined) continue
    if (other !== value) return 'different'
    verdict = 'equal'
  }
  return verdict
}
