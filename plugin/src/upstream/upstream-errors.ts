import { isChange, SendRangeError, systemCode } from '../errors.ts'

/** Seconds after which a client may ask again, if the store has not said it. */
const RETRY_AFTER_SECONDS = 1

// The messages go to clients. They name nothing of the store: causes do, for the log.

/** Trying again later may help: a 503 with Retry-After. */
export function unavailable(cause: Error, retryAfter: number = RETRY_AFTER_SECONDS): SendRangeError {
  const headers = { 'retry-after': String(Math.max(retryAfter, RETRY_AFTER_SECONDS)) }
  return new SendRangeError(
    'ERR_RANGE_OVERLOADED',
    'The store of the file is overloaded or cannot be reached',
    {
      cause,
      headers,
    },
  )
}

/** The store answered in a way that no other try changes: a 502. */
export function upstreamFailure(cause: unknown): SendRangeError {
  return new SendRangeError('ERR_RANGE_UPSTREAM', 'The store of the file gave no usable answer', { cause })
}

/** The object must be restored before it can be read. */
export function archived(): SendRangeError {
  return new SendRangeError('ERR_RANGE_ARCHIVED', 'The file is archived, and must be restored first')
}

/**
 * A failure that another try may mend: the connection broke or stalled, or the store is busy. The message is for the log.
 */
export class Interruption extends Error {
  override readonly name: string = 'Interruption'
  /** What the store has asked for, in seconds. */
  readonly retryAfter: number | undefined

  constructor(
    message: string,
    details: { readonly retryAfter?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.retryAfter = details.retryAfter
  }
}

/** All connections were in use for too long. An answer that has not begun should not wait for more. */
export class QueueTimeout extends Interruption {}

/**
 * What a failure of a request means if an earlier one of the same answer has succeeded. The name of the store is right, and
 * the functions of the application work: a resolver that does not find it, and a function that fails, do so for the moment.
 */
export function sinceFound(error: unknown): unknown {
  if (error instanceof Interruption || isFinal(error)) return error
  return new Interruption('a request that was possible before fails', { cause: error })
}

/** Whether the store or the application has decided. An application says so by a status such as 403, and by a code of ours. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof SendRangeError)) return isChange(error) || isOfClient(error)
  if (error.code === 'ERR_RANGE_UPSTREAM') return systemCode(error.cause) !== 'ENOTFOUND'
  return error.code !== 'ERR_RANGE_SOURCE' && error.code !== 'ERR_RANGE_OVERLOADED'
}

/** Statuses of RFC 9110, RFC 6585 and RFC 8470 that say that the same request may be answered later. */
const PASSING_STATUSES = [408, 425, 429]

/** Whether the status of an error says that the request of the client is at fault. */
function isOfClient(error: unknown): boolean {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 500 && !PASSING_STATUSES.includes(status)
}
