// Reads the head of a proxy's answer to CONNECT. Pure.
import { repairStatusLine } from './header-line-repair.ts'

/** The head of a final answer. */
export interface TunnelHead {
  readonly status: number
  /** Name, value, name, value, … */
  readonly rawFields: readonly string[]
  /** Where it ends in the text. */
  readonly end: number
}

/** The first head in `text` that is not a 1xx. Null if it is not complete; an error if the text is not HTTP/1. */
export function finalHead(text: string): TunnelHead | Error | null {
  let start = 0
  for (;;) {
    const remaining = text.slice(start)
    if (!'HTTP/1.'.startsWith(remaining.slice(0, 7))) return new Error('its answer is not HTTP')
    const blank = /\r?\n\r?\n/.exec(remaining)
    if (blank === null) return null
    const [line = '', ...fields] = remaining.slice(0, blank.index).split(/\r?\n/)
    const status = statusOf(repairStatusLine(line))
    if (status === 0) return new Error('its answer is not HTTP')
    start += blank.index + blank[0].length
    // RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
    if (status < 200 && status !== 101) continue
    const rawFields = fields.flatMap((field) => {
      const [name = '', ...value] = field.split(':')
      return [name, value.join(':').trim()]
    })
    return { status, rawFields, end: start }
  }
}

/** 0 if there is no valid status. */
function statusOf(repaired: ReturnType<typeof repairStatusLine>): number {
  if (repaired === 'refused') return 0
  return Number(/^HTTP\/1\.\d ([1-9]\d\d)(?: |$)/.exec(repaired.line)?.[1] ?? 0)
}
