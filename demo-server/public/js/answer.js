import { headOf, judge } from './range-get-rules.js'
import { text } from './texts.js'

const WHOLE = { range: null, validators: null, htmlExpected: false }

/** An answer that is not used, and the verdict on it. */
export class Refusal extends Error {
  constructor(verdict) {
    super(WORDS[verdict.kind] ?? text('answer.status', { status: verdict.status }))
    this.verdict = verdict
  }
}

/** By their kind: the reasons of the rules are in English, and have advice for users of the command. */
const WORDS = {
  changed: text('answer.changed'),
  endless: text('answer.endless'),
  'too-long': text('answer.too-long'),
  'no-range': text('answer.no-range'),
  'stand-in': text('answer.stand-in'),
  invalid: text('answer.invalid'),
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
