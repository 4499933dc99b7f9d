/** Every code that a {@link SendRangeError} can carry. Codes are API: they change only with a major version. */
export type SendRangeErrorCode =
  | 'ERR_RANGE_OPTION'
  | 'ERR_RANGE_ALREADY_SENT'
  | 'ERR_RANGE_PATH_INVALID'
  | 'ERR_RANGE_PATH_FORBIDDEN'
  | 'ERR_RANGE_PRECONDITION_FAILED'
  | 'ERR_RANGE_NOT_SATISFIABLE'
  | 'ERR_RANGE_OVERLOADED'
  | 'ERR_RANGE_READ'
  | 'ERR_RANGE_CHANGED'
  | 'ERR_RANGE_LENGTH'
  | 'ERR_RANGE_STALLED'
  | 'ERR_RANGE_SOURCE'

const STATUS: Readonly<Record<SendRangeErrorCode, number>> = {
  ERR_RANGE_OPTION: 500,
  ERR_RANGE_ALREADY_SENT: 500,
  ERR_RANGE_PATH_INVALID: 400,
  ERR_RANGE_PATH_FORBIDDEN: 403,
  ERR_RANGE_PRECONDITION_FAILED: 412,
  ERR_RANGE_NOT_SATISFIABLE: 416,
  ERR_RANGE_OVERLOADED: 503,
  ERR_RANGE_READ: 500,
  ERR_RANGE_CHANGED: 500,
  ERR_RANGE_LENGTH: 500,
  ERR_RANGE_STALLED: 500,
  ERR_RANGE_SOURCE: 500,
}

/** What else a {@link SendRangeError} may carry. */
export interface SendRangeErrorDetails {
  /** The error underneath. It may name server paths: log it, never send it. */
  readonly cause?: unknown
  /** Response header fields that Fastify's error handling sends along. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The one error class of this package. `statusCode` and `headers` are what Fastify's error handling answers
 * with; the message is safe to send: it never holds a path of the server.
 */
export class SendRangeError extends Error {
  /** Always `SendRangeError`. */
  override readonly name: string = 'SendRangeError'
  /** Which failure this is: what programs compare. */
  readonly code: SendRangeErrorCode
  /** The HTTP status of the answer, which follows from the code. */
  readonly statusCode: number
  /** Response header fields that Fastify's error handling sends along; absent where there are none. */
  readonly headers?: Readonly<Record<string, string>>

  /**
   * @param code decides `statusCode`
   * @param message in English; sent to clients, so it must not name a path of the server
   * @param details the error underneath, and response header fields
   */
  constructor(code: SendRangeErrorCode, message: string, details: SendRangeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.statusCode = STATUS[code]
    if (details.headers !== undefined) this.headers = details.headers
  }
}

/** What is being read is no longer the version that was opened. */
export function representationChanged(): SendRangeError {
  return new SendRangeError('ERR_RANGE_CHANGED', 'The representation changed while it was being read')
}

/** A source did not keep to the range it was asked for. */
export function wrongLength(amount: 'more' | 'fewer'): SendRangeError {
  return new SendRangeError('ERR_RANGE_LENGTH', `The source gave ${amount} bytes than it was asked for`)
}

/** The `code` of a system error, or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}
