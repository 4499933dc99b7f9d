// How long to wait before asking again. Pure; milliseconds.
import { digits, type FieldLines, single } from './field-lines.ts'
import { parseHttpDate } from './http-date.ts'

/** Waiting times. */
export interface RetryPolicy {
  /** Failures in a row, without progress between them, before giving up. */
  readonly retries: number
  /** The first wait; each further one doubles. */
  readonly delay: number
  /** No wait is longer. A server that asks for a longer one is not asked again. */
  readonly maxDelay: number
}

/** Exponential backoff with jitter: between half and all of `delay` · 2^(attempt - 1), capped. */
export function backoff(attempt: number, policy: RetryPolicy, random: number = Math.random()): number {
  const full = Math.min(policy.maxDelay, policy.delay * 2 ** (attempt - 1))
  return full * (0.5 + random / 2)
}

/**
 * Retry-After (RFC 9110 §10.2.3) in milliseconds, or null. A date is held against the answer's own Date,
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
