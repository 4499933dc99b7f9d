// The digests in the trailer section of a chunked body.
//
// RFC 9110 §6.5.1: "Many fields cannot be processed outside the header section because their evaluation is necessary prior
// to receiving the content, such as those that describe message framing, routing, authentication, request modifiers,
// response controls, or content format." So nothing else is read from trailers, and validators are not either: they have
// decided on the body before it came.
import { parseDigests } from '../rules/digest.ts'
import { type FieldLines, fieldLines, list } from '../rules/field-lines.ts'
import type { Answer } from './node-client.ts'

/** Digests by algorithm, in base64. */
type Digests = Readonly<Record<string, string>>

/** What the trailers of an answer say. RFC 9530 §2 and §3 allow both fields there. */
export interface TrailerDigests {
  /** Of the bytes of the body. */
  readonly content: Digests
  /** Of the whole file. */
  readonly repr: Digests
}

/** The digests behind a body that has been read to its end; node:http limits the size of trailers as that of a head. */
export function trailerDigests({ body }: Pick<Answer, 'body'>): TrailerDigests {
  const lines = fieldLines(body.rawTrailers)
  return {
    content: parseDigests(list(lines, 'content-digest')),
    repr: parseDigests(list(lines, 'repr-digest')),
  }
}

/** Can there be trailers? */
export function canHaveTrailers(fields: FieldLines): boolean {
  return fields.has('transfer-encoding')
}

/** Does the head announce a Content-Digest behind the body (RFC 9110 §6.6.2)? */
export function announcesContentDigest(fields: FieldLines): boolean {
  return (
    canHaveTrailers(fields) && /(?:^|,)[\t ]*content-digest[\t ]*(?:,|$)/i.test(list(fields, 'trailer') ?? '')
  )
}
