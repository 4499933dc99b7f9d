import { parseHttpDate } from '../rules/http-date.ts'
import type { AnswerHead } from './answer-head.ts'

const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 5000
const MS_PER_SECOND = 1000
const MAX_RETRY_AFTER_SECONDS = 3600

/**
 * The seconds of the Retry-After of an answer; undefined if it is invalid. A date to come is counted from the Date of the
 * same answer, by the clock of the store.
 */
export function retryAfterSeconds({ fields, receivedAt }: AnswerHead): number | undefined {
  const value = fields['retry-after']
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Math.min(Number(value), MAX_RETRY_AFTER_SECONDS)
  const [start, end] = [fields['date'] ?? '', value].map((date) => parseHttpDate(date, receivedAt))
  if (start === undefined || end === undefined) return undefined
  return Math.min(Math.max(end - start, 0), MAX_RETRY_AFTER_SECONDS)
}

/** What a delay depends on. */
export interface Delay {
  /** Failures in a row, 1 or more. */
  readonly failures: number
  /** What the store has asked for, in seconds. */
  readonly retryAfter?: number | undefined
  /** From 0 to less than 1. */
  readonly random: number
}

/**
 * Ms to wait before the next try; undefined if the store asks for more than a client should wait. The wait doubles with
 * each failure. It is random between its half and the whole, so that the readers that one broken store has stopped do not
 * all come back at the same moment.
 */
export function delayBefore({ failures, retryAfter = 0, random }: Delay): number | undefined {
  const least = retryAfter * MS_PER_SECOND
  if (least > MAX_DELAY_MS) return undefined
  const most = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1))
  return Math.max(least, 0) + most * (0.5 + random / 2)
}
