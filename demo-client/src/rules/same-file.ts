// Whether two servers have the same file. Pure.
//
// What proves that two answers of one server are of one version proves nothing about two servers: each chooses its own
// entity-tags (RFC 9110 §8.8.3.3 is about one resource), and two files can have one date. A digest means the same everywhere.
import { ALGORITHMS, type Digests, type ExpectedDigest } from './digest.ts'
import { strongTag, type Validators } from './validators.ts'

/** Whether equal strong entity-tags of two servers mean one file. The caller says so; by default they do not. */
export type MirrorTags = 'own' | 'shared'

/** What a comparison shows. `reason` completes a sentence that begins with the name of the second server. */
export type Comparison =
  | { readonly kind: 'same' | 'unknown' }
  | { readonly kind: 'different'; readonly reason: string }

/** Do two servers have the same file? Only a digest proves it, or a tag if those are `'shared'`. */
export function compareServers(held: Validators, got: Validators, tags: MirrorTags): Comparison {
  if (held.total !== null && got.total !== null && held.total !== got.total)
    return different(`has a file of ${got.total} bytes, not of ${held.total}`)
  const ours = digestsIn(held)
  const theirs = digestsIn(got)
  // Any digest can show that two files differ.
  if (Object.entries(ours).some(([name, value]) => (theirs[name] ?? value) !== value))
    return different('has another file: its digest differs')
  const pair = tags === 'shared' ? { held: strongTag(held), got: strongTag(got) } : { held: null, got: null }
  const haveTags = pair.held !== null && pair.got !== null
  if (haveTags && pair.held !== pair.got)
    return different('has another version of the file: its ETag differs')
  if (held.total === null || got.total === null) return { kind: 'unknown' }
  const haveDigests = ALGORITHMS.some((name) => name in ours && name in theirs)
  return { kind: haveDigests || haveTags || areVouched(held, got) ? 'same' : 'unknown' }
}

/** Both are verified against the checksum of the caller in the end. */
function areVouched({ vouched: a }: Validators, { vouched: b }: Validators): boolean {
  if (a == null || b == null || a.trust === 'verify' || b.trust === 'verify') return false
  return a.checksum !== null && a.checksum === b.checksum
}

/** Those of the answer, and those of the redirects to it. */
function digestsIn({ digests, vouched }: Validators): Digests {
  return { ...vouched?.digests, ...digests }
}

function different(reason: string): Comparison {
  return { kind: 'different', reason }
}

/** Why a file with these validators cannot have `checksum`; null if it can. It completes a sentence about its server. */
export function contradiction(validators: Validators, checksum: ExpectedDigest | null): string | null {
  if (checksum === null) return null
  const sent = digestsIn(validators)[checksum.algorithm]
  return sent === undefined || sent === checksum.value
    ? null
    : 'has another file: its digest is not the one that was asked for'
}

/**
 * What of `validators` is also true of the other servers that have the same file. A later run knows the stored bytes by
 * these alone. By the tag or the date of one server it could take the bytes of another one for those of that server.
 */
export function acrossServers({ total, etag, digests, vouched }: Validators, tags: MirrorTags): Validators {
  return {
    total,
    etag: tags === 'shared' ? etag : null,
    lastModified: null,
    dateIsStrong: false,
    digests,
    vouched: vouched == null ? vouched : { ...vouched, tag: null },
  }
}

/** `validators` without what a server has said about the bytes of the file. */
export function withoutDigests({ vouched, ...others }: Validators): Validators {
  return { ...others, digests: {}, vouched: vouched == null ? vouched : { ...vouched, digests: {} } }
}
