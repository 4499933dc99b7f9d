import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { isOver, type RawResponse } from '../connection/response-lifetime.ts'
import { cutThrown } from './failing-writes.ts'
import { hasOwnBody } from './intended-answer.ts'
import { cutReplacedBody, isErrorHandled } from './replacement.ts'
import { byteLength, interceptWrites, passRejection, type Write, type WriteArguments } from './write-calls.ts'

/** The responses whose first bytes may be held back. */
const holders = new WeakMap<object, FirstBytes>()

/**
 * Holds back the first bytes of a body that replaces ours, until the next turn of the event loop. A short text or
 * stream has ended by then, and its head is not out yet: if its length is not the announced one, it is cut before a
 * client gets the tag of the file with it.
 */
export function holdFirstBytes(reply: FastifyReply): void {
  if (!holders.has(reply.raw)) holders.set(reply.raw, new FirstBytes(reply))
}

/** Whether bytes are held back that are not of our body. */
export function areBytesHeld(raw: object): boolean {
  return holders.get(raw)?.isHolding ?? false
}

/** Stops holding bytes back, before our own body is written. */
export function endHolding(raw: object): void {
  holders.get(raw)?.stop()
}

class FirstBytes {
  readonly #reply: FastifyReply
  readonly #raw: RawResponse
  readonly #restore: () => void
  #held: { readonly given: WriteArguments; readonly write: Write } | undefined
  #isDone = false
  /** Whether a call was passed on, or is held back. */
  #hasPassed = false

  constructor(reply: FastifyReply) {
    this.#reply = reply
    this.#raw = reply.raw
    this.#restore = interceptWrites(this.#raw, {
      write: (write, given) => this.#write(write, given),
      end: (end, given) => this.#end(end, given),
    })
  }

  get isHolding(): boolean {
    return this.#held !== undefined
  }

  stop(): void {
    this.#isDone = true
    this.#restore()
  }

  #write(write: Write, given: WriteArguments): unknown {
    if (!this.#isDone) {
      if (this.#held === undefined && !isHeadSent(this.#raw) && this.#announced() !== undefined) {
        this.#held = { given, write }
        this.#hasPassed = true
        setImmediate(() => this.#release())
        return true
      }
      this.#release()
    }
    return this.#passOn(write, given, false)
  }

  #end(end: Write, given: WriteArguments): unknown {
    if (!this.#isDone) {
      const held = this.#held
      // The answer of an error has a length of its own.
      if (held !== undefined && !isErrorHandled(this.#raw) && !isHeadSent(this.#raw)) {
        if (byteLength(held.given) + byteLength(given) !== this.#announced()) this.#cut()
      }
      this.#release()
    }
    return this.#passOn(end, given, this.#raw)
  }

  /**
   * Fastify catches what is thrown at its first call for text or a Buffer, whose head it has written before, and answers
   * with an error. Nobody catches it at a later call, or at one of a web stream, and what an async wrapper rejects with
   * at none.
   */
  #passOn(method: Write, given: WriteArguments, failed: unknown): unknown {
    const isCaught = !this.#hasPassed && isHeadSent(this.#raw)
    this.#hasPassed = true
    try {
      return passRejection(Reflect.apply(method, this.#raw, given), (thrown) =>
        cutThrown(this.#reply, thrown),
      )
    } catch (thrown) {
      if (isCaught || hasOwnBody(this.#raw) || isErrorHandled(this.#raw)) throw thrown
      cutThrown(this.#reply, thrown)
      return failed
    }
  }

  #release(): void {
    const held = this.#held
    this.#held = undefined
    this.#isDone = true
    if (held === undefined || isErrorHandled(this.#raw) || isOver(this.#reply)) return
    this.#passOn(held.write, held.given, false)
  }

  #cut(): void {
    this.#held = undefined
    cutReplacedBody(this.#reply)
  }

  /** The length that the head is about to announce; undefined if it has none, or Fastify does not write the head. */
  #announced(): number | undefined {
    const length = this.#raw.getHeader('content-length')
    return length === undefined ? undefined : Number(length)
  }
}
