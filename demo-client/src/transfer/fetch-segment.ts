// One ranged GET: asked, answered, judged. Reading the body is up to the caller.
import { type FileNames, isPageExpected } from '../content/expected-file.ts'
import { suspectsFor } from '../content/file-formats.ts'
import { isHtml } from '../content/media-types.ts'
import type { StandIn } from '../content/stand-in.ts'
import type { Answer, HttpClient } from '../http/answer.ts'
import type { Target } from '../http/target.ts'
import { WANT_DIGEST } from '../rules/digest.ts'
import { single } from '../rules/field-lines.ts'
import { rangeValidator, type Validators } from '../rules/validators.ts'
import { judge, type Verdict } from '../rules/verdict.ts'
import type { Interval } from '../state/blocks.ts'
import { fullNameFromDisposition } from '../state/file-name.ts'
import type { Beginning } from './beginning.ts'

/** What to ask for, and of which version. */
export interface SegmentQuestion {
  readonly target: Target
  /** The bytes wanted, an infinite `end` for "to the end"; null: the whole file, without Range. */
  readonly range: Interval | null
  /** The version that the bytes held belong to, or null. */
  readonly validators: Validators | null
  /** Whether to send If-Range; the answer's validators are compared in any case. */
  readonly condition: 'if-range' | 'none'
  /** Media type of the file as first sent, or null while nothing is held. */
  readonly contentType: string | null
  readonly html: 'refuse' | 'accept'
  /** The file name that the caller chose, or null. */
  readonly outputName: string | null
  /** Of the version that is fetched. */
  readonly beginning: Beginning
  readonly signal: AbortSignal
}

/** An answer and what it is worth. Only of a part or a whole is the body still there to be read. */
export interface JudgedAnswer {
  readonly answer: Answer
  readonly verdict: Verdict
  /** The Range field that was sent, or null. */
  readonly range: string | null
  /** Was If-Range sent? */
  readonly isConditional: boolean
}

/** Asks and judges. Throws what {@link HttpClient.get} and {@link Beginning.judge} throw. */
export async function fetchSegment(client: HttpClient, question: SegmentQuestion): Promise<JudgedAnswer> {
  const { target, validators, signal } = question
  const range = rangeField(question.range)
  const fields: Record<string, string> = {
    'accept-encoding': 'identity',
    'want-repr-digest': WANT_DIGEST,
    'want-content-digest': WANT_DIGEST,
  }
  if (range !== null) fields['range'] = range
  const validator = validators === null ? null : rangeValidator(validators)
  if (range !== null && validator !== null && question.condition === 'if-range')
    fields['if-range'] = validator
  const answer = await client.get(target, fields, signal)
  const isConditional = 'if-range' in fields
  if (answer.misdirection !== null)
    return { answer, verdict: { kind: 'lie', reason: answer.misdirection }, range, isConditional }
  const names = namesOf(question, answer)
  const byHead = judge(
    {
      range: question.range === null ? null : { ...question.range, end: finite(question.range.end) },
      validators,
      htmlExpected: isHtmlExpected(question, names),
      names,
    },
    { status: answer.status, fields: answer.fields },
  )
  const suspects = suspectsIn(question, names)
  const verdict = await question.beginning.judge({ answer, verdict: byHead, suspects })
  if (verdict.kind !== 'part' && verdict.kind !== 'whole') answer.discard()
  return { answer, verdict, range, isConditional }
}

function finite(end: number): number | null {
  return Number.isFinite(end) ? end : null
}

function rangeField(range: Interval | null): string | null {
  if (range === null) return null
  return `bytes=${range.start}-${Number.isFinite(range.end) ? range.end - 1 : ''}`
}

function namesOf({ outputName }: SegmentQuestion, answer: Answer): FileNames {
  return {
    urls: answer.target.names,
    disposition: fullNameFromDisposition(single(answer.fields, 'content-disposition')),
    output: outputName,
  }
}

function isHtmlExpected({ html, contentType }: SegmentQuestion, names: FileNames): boolean {
  if (html === 'accept') return true
  return contentType === null ? isPageExpected(names) : isHtml(contentType)
}

/** What of a page and its like cannot be the file. A page that was taken at first is one still. */
function suspectsIn({ html, contentType }: SegmentQuestion, names: FileNames): readonly StandIn[] {
  if (html === 'accept' || (contentType !== null && isHtml(contentType))) return []
  return suspectsFor(names)
}

/** The media type of an answer. */
export function contentTypeOf(answer: Answer): string | null {
  return single(answer.fields, 'content-type')
}
