import { types } from 'node:util'

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
  | 'ERR_RANGE_UPSTREAM'
  | 'ERR_RANGE_ARCHIVED'

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
  ERR_RANGE_UPSTREAM: 502,
  ERR_RANGE_ARCHIVED: 502,
}

/** What a {@link SendRangeError} may have besides code and message. */
export interface SendRangeErrorDetails {
  /** The error underneath. It may name server paths: log it, never send it. */
  readonly cause?: unknown
  /** Response header fields that Fastify's error handling sends. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The only error class of this package. Fastify's error handling answers with its `statusCode` and `headers`. The
 * message is safe to send: it never has a path of the server.
 */
export class SendRangeError extends Error {
  /** Always `SendRangeError`. */
  override readonly name: string = 'SendRangeError'
  /** The kind of failure, for programs to compare. */
  readonly code: SendRangeErrorCode
  /** The HTTP status of the answer, which follows from the code. */
  readonly statusCode: number
  /** Response header fields that Fastify's error handling sends; absent if there are none. */
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

/**
 * An error: the representation is no longer the version that was opened.
 *
 * @param cause the error of a source that says so
 */
export function representationChanged(cause?: unknown): SendRangeError {
  return new SendRangeError('ERR_RANGE_CHANGED', 'The representation changed while it was being read', {
    cause,
  })
}

/** Whether an error says that the representation has changed. It may be of another copy of this package. */
export function isChange(error: unknown): boolean {
  return systemCode(error) === 'ERR_RANGE_CHANGED'
}

/** An error: a source did not return the bytes that it was asked for. */
export function wrongLength(amount: 'more' | 'fewer'): SendRangeError {
  return new SendRangeError('ERR_RANGE_LENGTH', `The source gave ${amount} bytes than it was asked for`)
}

/**
 * The `code` of a system error, or undefined. Such an error is of another realm than this code if a test runner such as
 * Jest loads it, and then `instanceof Error` is false.
 */
export function systemCode(error: unknown): string | undefined {
  const code =
    error instanceof Error || types.isNativeError(error) ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}
