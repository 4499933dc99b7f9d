// How long to wait before a retry, in milliseconds. Pure.
import { digits, type FieldLines, single } from './field-lines.ts'
import { parseHttpDate } from './http-date.ts'

/** How often and after which waits to retry. */
export interface RetryPolicy {
  /** The failures in a row, without progress, before giving up. */
  readonly retries: number
  /** The first wait. Each further one is twice as long. */
  readonly delay: number
  /** The longest wait. If a server asks for a longer one, the download fails. */
  readonly maxDelay: number
}

/** From here on the doubled wait is above every limit. The power of a much larger number would be infinite. */
const MOST_DOUBLINGS = 64

/** Exponential backoff with jitter: between half and all of `delay` · 2^(attempt - 1), capped. */
export function backoff(attempt: number, policy: RetryPolicy, random: number = Math.random()): number {
  const full = Math.min(policy.maxDelay, policy.delay * 2 ** Math.min(attempt - 1, MOST_DOUBLINGS))
  return full * (0.5 + random / 2)
}

/**
 * Retry-After (RFC 9110 §10.2.3) in milliseconds, or null. A date is compared with the answer's own Date,
 * so that a wrong local clock does no harm.
 */
export function retryAfter(fields: FieldLines, now: number = Date.now()): number | null {
  const value = single(fields, 'retry-after')
  if (value === null) return null
  const seconds = digits(value)
  if (seconds !== null) return seconds * 1000
  if (/^\d+$/.test(value)) return Number.MAX_SAFE_INTEGER
  const date = parseHttpDate(value)
  if (date === null) return null
  const sent = single(fields, 'date')
  return Math.max(0, date - ((sent === null ? null : parseHttpDate(sent)) ?? now))
}
