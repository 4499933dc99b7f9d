import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { cut, isOver, type RawResponse } from '../connection/response-lifetime.ts'
import { writtenHead } from '../connection/written-head.ts'
import { writeLogLine } from '../log-line.ts'
import { BodyCount, type IntendedBody } from '../rules/body-count.ts'

type Method = 'write' | 'end'
type Write = (...given: unknown[]) => unknown

const NOTHING = Buffer.alloc(0)

/** The guards that are on responses. */
const guards = new WeakMap<object, BodyGuard>()

/**
 * Holds what is written into an HTTP/1 response to the length that its head announces, whatever a hook has put in the
 * place of the body: after fewer bytes the next answer on the connection is taken for the rest, and what is too much is
 * taken for the next answer. A 206 has the bytes of its range, also where no length is announced. What does not fit is
 * cut before it is written, and the last byte waits for the end of the body, so that a client never has a whole answer
 * of what turns out to be too much. In HTTP/2 each answer has a stream of its own.
 */
export function guardBody(reply: FastifyReply, intended: IntendedBody): void {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse) return
  const guard = guards.get(raw)
  if (guard === undefined) guards.set(raw, new BodyGuard(reply, raw, intended))
  else guard.expect(intended)
}

/** Holds an error, which is Fastify's or the application's, to the length that its head announces. */
export function guardErrorBody(reply: FastifyReply): void {
  // RFC 9110 §9.3.2: the answer to HEAD announces a length, and has no content.
  if (reply.request.method !== 'HEAD') guardBody(reply, {})
}

/** Takes the guard off a response that our own body is written into, which has the right length by itself. */
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
  readonly #restores: readonly (() => void)[]
  /** Whether Node or a wrapper is writing: what they call in turn are the same bytes. */
  #isInside = false
  /** The byte with which a client would take the answer for whole. */
  #last: Uint8Array | undefined
  #isCut = false

  constructor(reply: FastifyReply, raw: Http1Response, intended: IntendedBody) {
    this.#reply = reply
    this.#raw = raw
    this.#count = new BodyCount(intended)
    this.#restores = [
      this.#wrap('write', (given) => this.#admitWrite(given)),
      this.#wrap('end', (given) => this.#admitEnd(given)),
    ]
  }

  /** Holds the response to another body: nothing was written of the one before. */
  expect(intended: IntendedBody): void {
    if (this.#count.count === 0) this.#count = new BodyCount(intended)
  }

  get count(): number {
    return this.#count.count
  }

  remove(): void {
    for (const restore of this.#restores) restore()
  }

  #wrap(method: Method, admit: (given: readonly unknown[]) => readonly unknown[]): () => void {
    const original = this.#raw[method] as Write
    return replace(this.#raw, method, (...given) => {
      if (this.#isInside) return Reflect.apply(original, this.#raw, given)
      this.#isInside = true
      try {
        if (!isHeadSent(this.#raw)) this.#raw.writeHead(this.#raw.statusCode)
        const admitted = admit(given)
        // The response of `inject` keeps what is written after it was cut.
        const written = this.#raw.destroyed ? [NOTHING, ...callbackOf(given)] : admitted
        return Reflect.apply(original, this.#raw, written)
      } finally {
        this.#isInside = false
      }
    })
  }

  /** Returns what is to be written: the callback comes with the bytes that go out, since some wait for it before `end`. */
  #admitWrite(given: readonly unknown[]): readonly unknown[] {
    const head = writtenHead(this.#raw)
    if (head === undefined || this.#isCut) return given
    const bytes = bytesOf(given)
    const verdict = this.#count.add(head, bytes)
    if (verdict === 'wrong') this.#cut()
    if (verdict !== 'completes') return given
    this.#last = Uint8Array.from(bytes.subarray(-1))
    return [bytes.subarray(0, -1), ...callbackOf(given)]
  }

  #admitEnd(given: readonly unknown[]): readonly unknown[] {
    const head = writtenHead(this.#raw)
    if (head === undefined || this.#isCut) return given
    const isWrong = this.#count.add(head, bytesOf(given)) === 'wrong' || !this.#count.mayEnd(head)
    if (isWrong) this.#cut()
    if (isWrong || this.#last === undefined) return given
    return [this.#last, ...callbackOf(given)]
  }

  #cut(): void {
    this.#isCut = true
    // What a client that has left no longer takes may end anywhere: nothing is cut, and nobody is at fault.
    if (isOver(this.#reply)) return
    const message = 'a hook has replaced the body of an answer of sendRange, and it was cut'
    writeLogLine(this.#reply.log, { level: 'error', details: {}, message })
    cut(this.#raw)
  }
}

/** Puts a function in the place of a method. Returns what puts the method back, unless another has taken its place. */
function replace(raw: object, method: Method, write: Write): () => void {
  const before = Reflect.getOwnPropertyDescriptor(raw, method)
  Reflect.defineProperty(raw, method, { value: write, configurable: true, writable: true })
  return () => {
    if (Reflect.get(raw, method) !== write) return
    if (before === undefined) Reflect.deleteProperty(raw, method)
    else Reflect.defineProperty(raw, method, before)
  }
}

/** What `write` and `end` are given: a chunk, its encoding and a callback, each of which may be left out. */
function bytesOf([chunk, encoding]: readonly unknown[]): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  if (typeof chunk !== 'string') return Buffer.alloc(0)
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
}

function callbackOf(given: readonly unknown[]): readonly unknown[] {
  return given.filter((each) => typeof each === 'function')
}
