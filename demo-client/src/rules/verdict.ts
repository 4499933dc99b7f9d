// Compares the head of each answer with its request. No answer is trusted before. Pure.

import { isHtml, mediaTypes } from '../content/media-types.ts'
import type { FileNames } from '../content/named-content.ts'
import { reasonFor } from '../content/stand-in.ts'
import { statusName } from '../text/status-name.ts'
import { retryAfter } from './backoff.ts'
import { unexpectedCoding } from './content-coding.ts'
import { parseContentRange } from './content-range.ts'
import { parseDigests } from './digest.ts'
import { asUtf8, digits, type FieldLines, list, single } from './field-lines.ts'
import { sizeByPart } from './shortened-part.ts'
import { isOtherVersion, isSameVersion, type Validators, validatorsOf } from './validators.ts'
import type { Vouched } from './vouched.ts'
import { wholeDigests } from './whole-digests.ts'
import { wholeLength } from './whole-length.ts'

/** The request. */
export interface Asked {
  /** The requested bytes; `end` is exclusive, and null for "to the end". Null: the whole file, without a Range. */
  readonly range: { readonly start: number; readonly end: number | null } | null
  /** The version of the bytes received so far; null if there are none. */
  readonly validators: Validators | null
  /** What is known about the file from elsewhere. Default: nothing. */
  readonly vouched?: Vouched | null
  /** What a part from this server told that was shorter than its Content-Range. Default: nothing, or a checksum decides. */
  readonly shortened?: Validators | null
  /** Whether the file may be an HTML page. */
  readonly htmlExpected: boolean
  /** The names of the file, which may include a content coding. Default: none. */
  readonly names?: FileNames
}

const PARTIAL = statusName(206)
const UNSATISFIABLE = statusName(416)

const NO_NAMES: FileNames = { urls: [], disposition: null, output: null }

/** The head of an answer. */
export interface Head {
  readonly status: number
  readonly fields: FieldLines
}

/** The verdict on an answer. `reason` completes a sentence that begins with "the server". */
export type Verdict =
  /** 206 with the bytes from `start` to `end` (exclusive) of the requested version. */
  | {
      readonly kind: 'part'
      readonly start: number
      readonly end: number
      readonly validators: Validators
      /** The values of Content-Digest, for exactly this part. */
      readonly digests: Readonly<Record<string, string>>
    }
  /** 200, or an equivalent, with the whole file of the requested version. */
  | { readonly kind: 'whole'; readonly length: number | null; readonly validators: Validators }
  /** Not proven to be the version of the received bytes. `isProven`: proven to be another one. */
  | { readonly kind: 'changed'; readonly reason: string; readonly isProven: boolean }
  /** Not the requested range. A request for the whole file may succeed. */
  | { readonly kind: 'no-range'; readonly reason: string }
  /** Not the file, or contradicts itself. If the server has never sent the file, a retry will not help. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** The bytes of this version, including those received before, are not the file. A head alone does not show this. */
  | { readonly kind: 'stand-in'; readonly reason: string }
  /** Too many requests or connections. `wait` in ms, if the server gave one. */
  | { readonly kind: 'refused'; readonly status: number; readonly wait: number | null }
  /** A temporary failure. `wait` in ms, if the server gave one. */
  | { readonly kind: 'temporary'; readonly status: number; readonly wait: number | null }
  /** An error that a retry does not cure. */
  | { readonly kind: 'http-error'; readonly status: number }

/** 509 is in no standard; it means "bandwidth limit exceeded". */
const REFUSED: ReadonlySet<number> = new Set([429, 503, 509])
/** RFC 9110 §15.3.3: at 202 "the processing has not been completed", and when it is, there can be the file. */
const TEMPORARY: ReadonlySet<number> = new Set([202, 408, 425])
/** Errors of a server that are permanent: it does not offer this to this protocol or client. */
const PERMANENT: ReadonlySet<number> = new Set([501, 505, 506, 508, 510, 511])

/** The verdict on the head of an answer. */
export function judge(asked: Asked, head: Head): Verdict {
  const { status, fields } = head
  if (REFUSED.has(status)) return { kind: 'refused', status, wait: retryAfter(fields) }
  if (isTemporary(status)) return { kind: 'temporary', status, wait: retryAfter(fields) }
  if (status === 416) return judgeUnsatisfied(asked, fields)
  if (status >= 400) return { kind: 'http-error', status }
  if (status !== 200 && status !== 203 && status !== 206)
    return invalid(`answered ${statusName(status)} to a GET`)
  const other = findOther(asked, head)
  if (other !== null) return invalid(other)
  const oddity = findOddity(fields)
  if (oddity !== null) return invalid(oddity)
  return status === 206 ? judgePart(asked, fields) : judgeWhole(asked, head)
}

/**
 * RFC 9110 §15: "a client MUST understand the class of any status code […] and treat an unrecognized status code as being
 * equivalent to the x00 status code of that class". In class 5 that is 500, which may be temporary.
 */
function isTemporary(status: number): boolean {
  return TEMPORARY.has(status) || (status >= 500 && !PERMANENT.has(status))
}

function invalid(reason: string): Verdict {
  return { kind: 'invalid', reason }
}

function noRange(reason: string): Verdict {
  return { kind: 'no-range', reason }
}

function findOther(asked: Asked, { status, fields }: Head): string | null {
  const type = list(fields, 'content-type') ?? ''
  if (!asked.htmlExpected && isHtml(type)) {
    return reasonFor('page')
  }
  // RFC 9110 §8.3.3: it "is defined by this specification for use in some 206 (Partial Content) responses".
  if (status !== 206 && mediaTypes(type).includes('multipart/byteranges'))
    return `sent multipart/byteranges with status ${statusName(status)}, which was not requested`
  const coding = unexpectedCoding(list(fields, 'content-encoding'), asked.names ?? NO_NAMES)
  return coding === null ? null : `sent Content-Encoding ${asUtf8(coding)} although identity was requested`
}

function findOddity(fields: FieldLines): string | null {
  const transfer = list(fields, 'transfer-encoding')
  if (transfer !== null && transfer.trim().toLowerCase() !== 'chunked') {
    return `used the transfer coding ${asUtf8(transfer)}, which was not requested`
  }
  if (transfer !== null && fields.has('content-length')) return 'sent Content-Length together with chunked'
  if (fields.has('content-length') && digits(single(fields, 'content-length')) === null) {
    return 'sent an invalid Content-Length'
  }
  return null
}

function judgePart(asked: Asked, fields: FieldLines): Verdict {
  if (asked.range === null) return judgeUnasked(asked, fields)
  // RFC 9110 §15.3.7.2: "A server MUST NOT generate a multipart response to a request for a single range".
  if (/^multipart\//i.test(single(fields, 'content-type') ?? '')) {
    return noRange('answered a single range with a multipart')
  }
  const range = parseContentRange(single(fields, 'content-range'))
  if (range?.kind !== 'part') return noRange(`answered ${PARTIAL} without a valid Content-Range`)
  const { start, end: askedEnd } = asked.range
  if (range.first !== start) return noRange(`answered with bytes from ${range.first} instead of ${start}`)
  // A shorter part is legal (§15.3.7: "a server might want to send only a subset of the data requested").
  if (askedEnd !== null && range.last >= askedEnd) return noRange('answered with more bytes than requested')
  const end = range.last + 1
  const length = digits(single(fields, 'content-length'))
  if (length !== null && length !== end - start)
    return noRange('sent a Content-Length that contradicts its Content-Range')
  const digests = parseDigests(list(fields, 'content-digest'))
  const body = start === 0 && end === range.total ? 'whole' : 'part'
  const validators = versionOf(asked, fields, { total: range.total, body })
  if (typeof validators === 'string') return invalid(validators)
  if (asked.validators !== null && !isSameVersion(asked.validators, validators))
    return changed(asked.validators, validators)
  return { kind: 'part', start, end, validators, digests }
}

/** Some servers answer every request with 206. If the part is the whole file, it is accepted. */
function judgeUnasked(asked: Asked, fields: FieldLines): Verdict {
  const range = parseContentRange(single(fields, 'content-range'))
  const length = digits(single(fields, 'content-length'))
  const isAll = range?.kind === 'part' && range.first === 0 && range.last + 1 === range.total
  const isMultipart = /^multipart\//i.test(single(fields, 'content-type') ?? '')
  if (!isAll || isMultipart || (length !== null && length !== range.total))
    return invalid(`answered ${PARTIAL} although no range was requested`)
  return wholeOf(asked, fields, range.total)
}

function judgeWhole(asked: Asked, { status, fields }: Head): Verdict {
  const length = wholeLength({ range: asked.range, held: asked.validators?.total ?? null }, fields)
  if (length === 'part' && asked.range === null)
    return invalid('sent a part of the file, and no range was requested')
  if (length === 'part') return judgeDoubtful(asked, { status, fields })
  // RFC 9110 §15.3.4: 203 is a 200 whose "enclosed content has been modified […] by a transforming proxy". Validators and
  // digests belong to what the origin sent. They prove nothing about these bytes, so no other answer is joined to them.
  if (status === 203) return wholeOf({ ...asked, vouched: null }, new Map(), length)
  return wholeOf(asked, fields, length)
}

/** An answer to a range that may be a part, without saying so. */
function judgeDoubtful({ validators: held }: Asked, { status, fields }: Head): Verdict {
  const got = validatorsOf(status === 203 ? new Map() : fields, null, {})
  if (held !== null && isOtherVersion(held, got)) return changed(held, got)
  return noRange(`answered a range with ${statusName(status)}, and perhaps with a part`)
}

function wholeOf(asked: Asked, fields: FieldLines, sent: number | null): Verdict {
  const announced = sizeByPart(asked.shortened ?? null, fields)
  if (announced !== null && sent !== null && sent < announced)
    return invalid(
      `sent ${sent} bytes as the whole file, and a part, which was shortened, says that it has ${announced}`,
    )
  const validators = versionOf(asked, fields, { total: sent ?? announced, body: 'whole' })
  if (typeof validators === 'string') return invalid(validators)
  if (asked.validators !== null && !isSameVersion(asked.validators, validators))
    return changed(asked.validators, validators)
  return { kind: 'whole', length: validators.total, validators }
}

/** The validators of an answer, or why they cannot be true. */
function versionOf(
  { vouched }: Asked,
  fields: FieldLines,
  { total, body }: { total: number | null; body: 'whole' | 'part' },
): Validators | string {
  const sent = wholeDigests(fields, body)
  // One of the two must be wrong, so the file could never be verified.
  if (sent.kind === 'contradiction') return `sent two different ${sent.algorithm} digests of the file`
  const linked = vouched?.total ?? null
  if (linked !== null && total !== null && total !== linked)
    return `has a file of ${total} bytes, and the redirect to it announced ${linked}`
  const validators = validatorsOf(fields, total ?? linked, sent.digests)
  return vouched == null ? validators : { ...validators, vouched }
}

function changed(held: Validators, got: Validators): Verdict {
  const isProven = isOtherVersion(held, got)
  if (held.total !== null && got.total !== null && held.total !== got.total) {
    return { kind: 'changed', reason: `the size changed from ${held.total} to ${got.total} bytes`, isProven }
  }
  if (isProven) {
    const reason = 'its validators (ETag, Last-Modified) are not those of the received bytes'
    return { kind: 'changed', reason, isProven }
  }
  const lack =
    'nothing shows that it is still the file of the received bytes (ETag, Last-Modified, Repr-Digest)'
  return { kind: 'changed', reason: `${lack}; a checksum (--checksum) would`, isProven }
}

function judgeUnsatisfied(asked: Asked, fields: FieldLines): Verdict {
  if (asked.range === null) return invalid(`answered ${UNSATISFIABLE} although no range was requested`)
  const range = parseContentRange(single(fields, 'content-range'))
  const held = asked.validators?.total ?? null
  if (range?.kind === 'unsatisfied' && held !== null && range.total !== held) {
    const reason = `the size changed from ${held} to ${range.total} bytes`
    return { kind: 'changed', reason, isProven: true }
  }
  return noRange(`answered ${UNSATISFIABLE} to a request for bytes from ${asked.range.start}`)
}
