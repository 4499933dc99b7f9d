// The digests in the trailer section of a chunked body.
//
// RFC 9110 §6.5.1: "Many fields cannot be processed outside the header section because their evaluation is necessary prior
// to receiving the content, such as those that describe message framing, routing, authentication, request modifiers,
// response controls, or content format." So nothing else is read from trailers. Validators are not read either, because
// they decide on the body before it comes.
import { type Digests, parseDigests } from './digest.ts'
import { type FieldLines, list } from './field-lines.ts'
import { olderDigests, type SentDigest } from './older-digests.ts'

/** The digests in the trailers of an answer. RFC 9530 §2 and §3 allow both fields there. */
export interface TrailerDigests {
  /** Of the bytes of the body. */
  readonly content: Digests
  /** Of the whole file. */
  readonly repr: Digests
  /** Of the whole file, if that was the body. */
  readonly older: readonly SentDigest[]
}

/** The digests in trailer fields. */
export function trailerDigests(trailers: FieldLines): TrailerDigests {
  return {
    content: parseDigests(list(trailers, 'content-digest')),
    repr: parseDigests(list(trailers, 'repr-digest')),
    older: olderDigests(trailers),
  }
}

/** Can trailers follow the body? */
export function canHaveTrailers(fields: FieldLines): boolean {
  return fields.has('transfer-encoding')
}

/** Does the head announce a Content-Digest after the body (RFC 9110 §6.6.2)? */
export function announcesContentDigest(fields: FieldLines): boolean {
  return (
    canHaveTrailers(fields) && /(?:^|,)[\t ]*content-digest[\t ]*(?:,|$)/i.test(list(fields, 'trailer') ?? '')
  )
}
