// One GET with a range: sent, answered and judged. The caller receives the body.

import { suspectsFor } from '../content/file-formats.ts'
import { isHtml } from '../content/media-types.ts'
import { type FileNames, isPageExpected } from '../content/named-content.ts'
import type { StandIn } from '../content/stand-in.ts'
import type { Answer, HttpClient } from '../http/answer.ts'
import type { Target } from '../http/target.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import { single } from '../rules/field-lines.ts'
import type { Validators } from '../rules/validators.ts'
import { judge, type Verdict } from '../rules/verdict.ts'
import { type Trust, vouchedBy } from '../rules/vouched.ts'
import type { Interval } from '../state/blocks.ts'
import { fullNameFromDisposition } from '../state/file-name.ts'
import type { FirstBytes } from './first-bytes.ts'
import { requestFields } from './request-fields.ts'

/** What to ask for, and of which version. */
export interface SegmentRequest {
  readonly target: Target
  /** The bytes wanted, with an infinite `end` for "to the end"; null: the whole file, without Range. */
  readonly range: Interval | null
  /** Those of the version that the stored bytes belong to, or null. */
  readonly validators: Validators | null
  /** What a part from this server told that was shorter than its Content-Range. Default: nothing. */
  readonly shortened?: Validators | null
  /** The digest that the caller gave, or null. */
  readonly checksum: ExpectedDigest | null
  /** Whether answers may be joined by that digest, or by what redirects say. */
  readonly trust: Trust
  /** Whether to send If-Range. The answer's validators are compared in any case. */
  readonly condition: 'if-range' | 'none'
  /** The Content-Type of the first answer, or null while nothing is stored. */
  readonly contentType: string | null
  readonly html: 'refuse' | 'accept'
  /** The file name that the caller chose, or null. */
  readonly outputName: string | null
  /** Of the version that is fetched. */
  readonly firstBytes: FirstBytes
  readonly signal: AbortSignal
}

/** An answer and the verdict on it. Where that is not `'part'` or `'whole'`, the body has been discarded. */
export interface JudgedAnswer {
  readonly answer: Answer
  readonly verdict: Verdict
  /** The Range field that was sent, or null. */
  readonly range: string | null
  /** Was If-Range sent? */
  readonly isConditional: boolean
}

/** Sends a request and judges the answer. Throws what {@link HttpClient.get} and {@link FirstBytes.judge} throw. */
export async function fetchSegment(client: HttpClient, request: SegmentRequest): Promise<JudgedAnswer> {
  const { target, validators, signal } = request
  const fields = requestFields(request)
  const answer = await client.get(target, fields, signal)
  const range = fields['range'] ?? null
  const isConditional = 'if-range' in fields
  if (answer.misdirection !== null)
    return { answer, verdict: { kind: 'invalid', reason: answer.misdirection }, range, isConditional }
  const names = namesOf(request, answer)
  const byHead = judge(
    {
      range: request.range === null ? null : { ...request.range, end: finite(request.range.end) },
      validators,
      shortened: request.checksum === null ? (request.shortened ?? null) : null,
      vouched: vouchedBy(request.checksum, answer.target.linked, request.trust),
      htmlExpected: isHtmlExpected(request, names),
      names,
    },
    { status: answer.status, fields: answer.fields },
  )
  const suspects = suspectsIn(request, names)
  const verdict = await request.firstBytes.judge({ answer, verdict: byHead, suspects })
  if (verdict.kind !== 'part' && verdict.kind !== 'whole') answer.discard()
  return { answer, verdict, range, isConditional }
}

function finite(end: number): number | null {
  return Number.isFinite(end) ? end : null
}

function namesOf({ outputName }: SegmentRequest, answer: Answer): FileNames {
  return {
    urls: answer.target.names,
    disposition: fullNameFromDisposition(single(answer.fields, 'content-disposition')),
    output: outputName,
  }
}

function isHtmlExpected({ html, contentType }: SegmentRequest, names: FileNames): boolean {
  if (html === 'accept') return true
  return contentType === null ? isPageExpected(names) : isHtml(contentType)
}

/** What may come in place of the file. A file that began as a page goes on as one. */
function suspectsIn({ html, contentType }: SegmentRequest, names: FileNames): readonly StandIn[] {
  if (html === 'accept' || (contentType !== null && isHtml(contentType))) return []
  return suspectsFor(names)
}

/** The media type of an answer. */
export function contentTypeOf(answer: Answer): string | null {
  return single(answer.fields, 'content-type')
}
