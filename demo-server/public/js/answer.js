import { headOf, judge } from './range-get-rules.js'
import { text } from './texts.js'

const WHOLE = { range: null, validators: null, htmlExpected: false }

/** An answer that is not used, and the verdict on it. */
export class Refusal extends Error {
  constructor(verdict) {
    super(wordsOf(verdict))
    this.verdict = verdict
  }
}

function wordsOf({ kind, status, reason }) {
  if (status !== undefined) return text('answer.status', { status })
  if (kind === 'changed') return text('answer.changed', { reason })
  if (kind === 'endless') return text('answer.endless')
  if (kind === 'too-long') return text('answer.too-long')
  if (kind === 'no-range') return text('answer.no-range', { reason })
  // In brackets, there is advice for users of the command.
  const problem = reason.replace(/ \([^(]*--.*\)/, '')
  if (kind === 'stand-in') return text('answer.stand-in', { reason: problem })
  return text('answer.invalid', { reason: problem })
}

/**
 * Judges an answer by range-get's rules. It is used if it has the rest of the file, or the whole file of any version.
 *
 * @param {Response} response
 * @param {{ range: object | null, validators: object | null }} asked the range, and the version of the bytes that are here
 * @returns the positions of the body, `end` exclusive, and its version. `isNew`: the bytes that are here are not of it.
 * @throws Refusal
 */
export function accept(response, asked) {
  const head = headOf(response)
  const verdict = judge({ ...WHOLE, ...asked }, head)
  const isOther = verdict.isProven === true
  const answer = isOther ? judge(WHOLE, head) : verdict
  if (answer.kind !== 'part' && answer.kind !== 'whole') throw new Refusal(verdict)
  const total = answer.validators.total ?? asked.validators?.total
  // fetch does not say what marks the end of such a body.
  if (total === undefined) throw new Refusal({ kind: 'endless' })
  return { start: 0, end: total, ...answer, total, isOther, isNew: isOther || asked.validators === null }
}
