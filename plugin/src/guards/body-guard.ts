import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import type { RawResponse } from '../connection/response-lifetime.ts'
import { writtenHead } from '../connection/written-head.ts'
import { BodyCount, type IntendedBody } from '../rules/body-length.ts'
import { cutReplacedBody } from './replacement.ts'
import { bytesOf, interceptWrites, type Write, type WriteArguments, withBytes } from './write-calls.ts'

const NOTHING = Buffer.alloc(0)

/** A body of ours, or that of an error. */
export interface GuardedBody extends IntendedBody {
  /** Whether none of our body was read, or all of it; undefined if it is in memory, or an error. */
  readonly isSpent?: () => boolean
}

/** The guards that are on responses. */
const guards = new WeakMap<object, BodyGuard>()

/**
 * Compares what is written into an HTTP/1 response with the length that its head announces, also if a hook has
 * replaced the body. After fewer bytes a client would take the next answer on the connection for the remainder, and it
 * would take surplus bytes for the next answer. A 206 has the bytes of its range, also if no length is announced.
 *
 * If no length is announced, the answer is complete when our body was read to its end: other code may have ended it.
 *
 * What does not fit is cut before it is written. The last byte waits for the end of the body, so that a client never
 * has a complete answer of a body that turns out to be too long. In HTTP/2 each answer has a stream of its own:
 * `connection/http2-end.ts`.
 */
export function guardBody(reply: FastifyReply, intended: GuardedBody): void {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse) return
  const guard = guards.get(raw)
  if (guard === undefined) guards.set(raw, new BodyGuard(reply, raw, intended))
  else guard.expect(intended)
}

/** Compares an error, of Fastify or of the application, with the length that its head announces. */
export function guardErrorBody(reply: FastifyReply): void {
  // RFC 9110 §9.3.2: the answer to HEAD announces a length, and has no content.
  if (reply.request.method !== 'HEAD') guardBody(reply, {})
}

/** Takes the guard off a response before our own body is written into it, which has the right length by itself. */
export function endBodyGuard(raw: object): void {
  guards.get(raw)?.remove()
  guards.delete(raw)
}

/** Bytes that were written into a guarded response. */
export function bytesGuarded(raw: object): number {
  return guards.get(raw)?.count ?? 0
}

type Http1Response = Exclude<RawResponse, Http2ServerResponse>

class BodyGuard {
  readonly #reply: FastifyReply
  readonly #raw: Http1Response
  #count: BodyCount
  #isSpent: () => boolean
  #status: number
  /** The last byte, which completes the answer for a client. Kept until the body ends. */
  #last: Uint8Array | undefined
  #isCut = false
  /** Puts the methods of the response back. */
  readonly remove: () => void

  constructor(reply: FastifyReply, raw: Http1Response, intended: GuardedBody) {
    this.#reply = reply
    this.#raw = raw
    this.#count = new BodyCount(intended)
    this.#isSpent = intended.isSpent ?? isAlways
    this.#status = reply.statusCode
    this.remove = interceptWrites(raw, {
      write: (write, given) => this.#pass(write, given, 'write'),
      end: (end, given) => this.#pass(end, given, 'end'),
    })
  }

  /** Expects another body from now on, if nothing of the one before was written. */
  expect(intended: GuardedBody): void {
    if (this.#count.count > 0) return
    this.#count = new BodyCount(intended)
    this.#isSpent = intended.isSpent ?? isAlways
    this.#status = this.#reply.statusCode
  }

  get count(): number {
    return this.#count.count
  }

  #pass(original: Write, given: WriteArguments, method: 'write' | 'end'): unknown {
    if (!isHeadSent(this.#raw)) this.#raw.writeHead(this.#raw.statusCode)
    const admitted = method === 'write' ? this.#admitWrite(given) : this.#admitEnd(given)
    // The response of `inject` keeps what is written after it was cut.
    return Reflect.apply(original, this.#raw, this.#raw.destroyed ? withBytes(NOTHING, given) : admitted)
  }

  /**
   * Returns what is to be written. The callback goes with the bytes that go out: some callers wait for it before `end`.
   */
  #admitWrite(given: WriteArguments): WriteArguments {
    const head = writtenHead(this.#raw)
    if (head === undefined || this.#isCut) return given
    const bytes = bytesOf(given)
    const verdict = this.#count.add(head, bytes)
    if (verdict === 'wrong') this.#cut()
    if (verdict !== 'completes') return given
    this.#last = Uint8Array.from(bytes.subarray(-1))
    return withBytes(bytes.subarray(0, -1), given)
  }

  #admitEnd(given: WriteArguments): WriteArguments {
    const head = writtenHead(this.#raw)
    if (head === undefined || this.#isCut) return given
    const isEarly = head.length === undefined && head.status === this.#status && !this.#isSpent()
    const isWrong = this.#count.add(head, bytesOf(given)) === 'wrong' || !this.#count.mayEnd(head) || isEarly
    if (isWrong) this.#cut()
    if (isWrong || this.#last === undefined) return given
    return withBytes(this.#last, given)
  }

  #cut(): void {
    this.#isCut = true
    cutReplacedBody(this.#reply)
  }
}

function isAlways(): boolean {
  return true
}
