import { parseHttpDate } from '../rules/http-date.ts'

const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 5000
const MS_PER_SECOND = 1000
const MAX_RETRY_AFTER_SECONDS = 3600

/**
 * The seconds of a Retry-After; undefined if it is invalid.
 *
 * @param date the Date of the same answer. A date to come is counted from there, by the clock of the store
 */
export function retryAfterSeconds(value: string | undefined, date: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const seconds = /^\d+$/.test(value) ? Number(value) : secondsBetween(date, value)
  return seconds === undefined ? undefined : Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_SECONDS)
}

function secondsBetween(from: string | undefined, to: string): number | undefined {
  const now = Math.floor(Date.now() / MS_PER_SECOND)
  const [start, end] = [parseHttpDate(from ?? '', now), parseHttpDate(to, now)]
  return start === undefined || end === undefined ? undefined : end - start
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
