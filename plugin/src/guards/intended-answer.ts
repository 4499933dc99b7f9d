import type { FastifyReply } from 'fastify'
import type { RawResponse } from '../connection/response-lifetime.ts'
import { codingOf } from '../rules/content-coding.ts'

/** What an answer of ours is intended to be: its status, and the fields that say which bytes it carries. */
export interface IntendedAnswer {
  readonly status: number
  /** Bytes of the body; undefined where something else makes it. */
  readonly length?: number
  /** The Content-Encoding of the representation itself, as the handler has set it. */
  readonly coding?: string | undefined
  readonly contentRange?: string | undefined
  readonly contentType?: string | undefined
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

/**
 * A 200 or a 206 with the status and the fields that are set on its reply.
 *
 * @param length bytes of the body
 * @param coding Content-Encoding of the representation itself
 */
export function intendedContent(reply: FastifyReply, length: number, coding: unknown): IntendedAnswer {
  return {
    status: reply.statusCode,
    length,
    coding: codingOf(coding),
    contentRange: textOf(reply.getHeader('content-range')),
    contentType: textOf(reply.getHeader('content-type')),
    etag: textOf(reply.getHeader('etag')),
    lastModified: textOf(reply.getHeader('last-modified')),
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value)
}

const intended = new WeakMap<RawResponse, IntendedAnswer>()
/** Responses into which our own body is written. */
const own = new WeakSet<object>()

/** What a response was intended to be; undefined where its content is not ours. */
export function intendedAnswer(raw: RawResponse): IntendedAnswer | undefined {
  return intended.get(raw)
}

/** Keeps what a response is intended to be. */
export function rememberIntended(raw: RawResponse, answer: IntendedAnswer): void {
  intended.set(raw, answer)
}

/** Leaves a response to what handles errors: its content is no longer ours. */
export function forgetIntended(raw: RawResponse): void {
  intended.delete(raw)
  own.delete(raw)
}

/** Says that the body of a response is ours, byte by byte, so that its length is known before the head is written. */
export function expectOwnBody(raw: object): void {
  own.add(raw)
}

/** Whether the body of a response is our own. */
export function hasOwnBody(raw: object): boolean {
  return own.has(raw)
}
