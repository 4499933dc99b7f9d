import type { Answer } from './origin.ts'

/** What an origin has. */
export const BYTES = Buffer.from('0123456789')

/** Nothing of this may reach a client or the log. */
export const SECRET = 'secret-of-the-store'

/** What comes of an answer of an origin. */
export interface WrongAnswer {
  readonly name: string
  readonly answer: Answer
  readonly status: number
  readonly code?: string
  /** Part of the message of the cause, which is for the log. */
  readonly cause?: RegExp
  readonly retryAfter?: string
}

export const UPSTREAM = { status: 502, code: 'ERR_RANGE_UPSTREAM' } as const
export const OVERLOADED = { status: 503, code: 'ERR_RANGE_OVERLOADED' } as const

/** An error as stores send it, with more fields. Without a code it has no body. */
export function refusing(status: number, code?: string, fields: Record<string, string> = {}): Answer {
  return (_, response) => {
    response.writeHead(status, { 'x-amz-request-id': SECRET, 'x-amz-id-2': SECRET, ...fields })
    const hidden = `<BucketName>${SECRET}</BucketName><Host>${SECRET}</Host>`
    response.end(code && `<?xml version="1.0"?><Error><Code>${code}</Code>${hidden}</Error>`)
    return true
  }
}
