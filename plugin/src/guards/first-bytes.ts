import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { cut, isOver, type RawResponse } from '../connection/response-lifetime.ts'
import { writeLogLine } from '../log-line.ts'
import { byteLength } from './byte-length.ts'
import { isErrorHandled } from './replacement.ts'

type Method = 'write' | 'end'
type Write = (...given: unknown[]) => unknown

/** The responses whose first bytes may be held back. */
const holders = new WeakMap<object, FirstBytes>()

/**
 * Holds the first bytes that are put in the place of a body back for a moment. A short text or stream then ends before
 * its head is out: what is not as long as that head announces is cut, and nobody is given the tag of the file with it.
 */
export function holdFirstBytes(reply: FastifyReply): void {
  if (!holders.has(reply.raw)) holders.set(reply.raw, new FirstBytes(reply))
}

/** Whether bytes are held back that are not of our body. */
export function areBytesHeld(raw: object): boolean {
  return holders.get(raw)?.isHolding ?? false
}

/** Lets the bytes of our own body through. */
export function endHolding(raw: object): void {
  holders.get(raw)?.stop()
}

class FirstBytes {
  readonly #reply: FastifyReply
  readonly #raw: RawResponse
  readonly #restores: readonly (() => void)[]
  #held: { readonly given: readonly unknown[]; readonly write: Write } | undefined
  #state: 'waiting' | 'done' = 'waiting'

  constructor(reply: FastifyReply) {
    this.#reply = reply
    this.#raw = reply.raw
    this.#restores = [
      this.#wrap('write', (write, given) => this.#write(write, given)),
      this.#wrap('end', (end, given) => this.#end(end, given)),
    ]
  }

  get isHolding(): boolean {
    return this.#held !== undefined
  }

  stop(): void {
    this.#state = 'done'
    for (const restore of this.#restores) restore()
  }

  #wrap(method: Method, act: (original: Write, given: readonly unknown[]) => unknown): () => void {
    const raw = this.#raw
    const before = Reflect.getOwnPropertyDescriptor(raw, method)
    const original = raw[method] as Write
    const value: Write = (...given) => {
      if (this.#state === 'done') return Reflect.apply(original, raw, given)
      return act(original, given)
    }
    Reflect.defineProperty(raw, method, { value, configurable: true, writable: true })
    return () => {
      if (Reflect.get(raw, method) !== value) return
      if (before === undefined) Reflect.deleteProperty(raw, method)
      else Reflect.defineProperty(raw, method, before)
    }
  }

  #write(write: Write, given: readonly unknown[]): unknown {
    if (this.#held === undefined && !isHeadSent(this.#raw) && this.#announced() !== undefined) {
      this.#held = { given, write }
      setImmediate(() => this.#release())
      return true
    }
    this.#release()
    return Reflect.apply(write, this.#raw, given)
  }

  #end(end: Write, given: readonly unknown[]): unknown {
    const held = this.#held
    // The answer of an error has a length of its own.
    if (held !== undefined && !isErrorHandled(this.#raw) && !isHeadSent(this.#raw)) {
      if (byteLength(held.given) + byteLength(given) !== this.#announced()) this.#cut()
    }
    this.#release()
    return Reflect.apply(end, this.#raw, given)
  }

  #release(): void {
    const held = this.#held
    this.#held = undefined
    this.#state = 'done'
    if (held === undefined || isErrorHandled(this.#raw) || isOver(this.#reply)) return
    Reflect.apply(held.write, this.#raw, held.given)
  }

  #cut(): void {
    this.#held = undefined
    if (isOver(this.#reply)) return
    const message = 'a hook has replaced the body of an answer of sendRange, and it was cut'
    writeLogLine(this.#reply.log, { level: 'error', details: {}, message })
    cut(this.#raw)
  }

  /** What the head is about to announce; undefined where it is not Fastify that writes one, or it has none. */
  #announced(): number | undefined {
    const length = this.#raw.getHeader('content-length')
    return length === undefined ? undefined : Number(length)
  }
}
