import type { AnswerHead } from './answer-head.ts'

/** RFC 9530 §3 and RFC 8941 §3.2: members with byte sequences as values. */
const REPR_DIGEST =
  /^[a-z*][a-z0-9_.*-]*=:[A-Za-z0-9+/]+={0,2}:(?:\s*,\s*[a-z*][a-z0-9_.*-]*=:[A-Za-z0-9+/]+={0,2}:)*$/
/** A longer one is not handed on. */
const MAX_LENGTH = 500
/** The checksum of all parts of an object ends with their number, and is that of no bytes. */
const SHA_256 = /^[A-Za-z0-9+/]{43}=$/

/**
 * The Repr-Digest of an object, from the head of an answer: as an origin sends it, or from the checksum that S3 keeps.
 * Both are of the bytes as they are stored, with their Content-Encoding, and so they go out.
 *
 * @param isWhole whether the answer has all bytes. For a range that is a part of an upload, S3 sends the checksum of the part
 */
export function reprDigestOf({ fields }: AnswerHead, isWhole: boolean): string | undefined {
  const given = fields['repr-digest']
  if (given !== undefined && given.length <= MAX_LENGTH && REPR_DIGEST.test(given)) return given
  const checksum = fields['x-amz-checksum-sha256']
  const isOfAll = isWhole && (fields['x-amz-checksum-type'] ?? 'FULL_OBJECT') === 'FULL_OBJECT'
  return checksum !== undefined && isOfAll && SHA_256.test(checksum) ? `sha-256=:${checksum}:` : undefined
}
