import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { endsWithHead } from './connection-fields.ts'
import { type WrittenHead, writtenHead } from './head-guard.ts'
import { isHeadSent } from './head-sent.ts'
import { writeLogLine } from './log-line.ts'
import type { RawResponse } from './response-lifetime.ts'

const METHODS = ['write', 'end'] as const
type Method = (typeof METHODS)[number]
type Write = (...given: unknown[]) => unknown

/** What the body of an answer is meant to be. */
export interface IntendedBody {
  /** Bytes. */
  readonly length: number
  /** The bytes themselves, where they are in memory. */
  readonly bytes?: Uint8Array
}

/** What takes the guard off a response. */
const guards = new WeakMap<object, () => void>()

/**
 * Holds what is written into an HTTP/1 response to the length that its head announces, whatever a hook has put in the
 * place of the body: after fewer bytes the next answer on the connection is taken for the rest, and what is too much is
 * taken for the next answer. A 206 has the bytes of its range, also where no length is announced. What does not fit is
 * cut before it is written. In HTTP/2 each answer has a stream of its own.
 */
export function guardBody(reply: FastifyReply, intended: IntendedBody): void {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse || guards.has(raw)) return
  const count = new ByteCount(intended)
  let isInside = false
  const restores = METHODS.map((method) => {
    const original = raw[method] as Write
    return replace(raw, method, (...given) => {
      // What Node and wrappers call in turn are the same bytes.
      if (isInside) return Reflect.apply(original, raw, given)
      isInside = true
      try {
        if (!isHeadSent(raw)) raw.writeHead(raw.statusCode)
        const head = writtenHead(raw)
        if (head !== undefined && !count.admits(head, { bytes: bytesOf(given), isLast: method === 'end' })) {
          const message = 'a hook has replaced the body of an answer of sendRange, and it was cut'
          writeLogLine(reply.log, { level: 'error', details: {}, message })
          raw.destroy()
        }
        return Reflect.apply(original, raw, given)
      } finally {
        isInside = false
      }
    })
  })
  guards.set(raw, () => {
    for (const restore of restores) restore()
  })
}

/** Takes the guard off a response that our own body is written into, which has the right length by itself. */
export function endBodyGuard(raw: object): void {
  guards.get(raw)?.()
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

interface Written {
  readonly bytes: Uint8Array
  /** Whether the body ends with them. */
  readonly isLast: boolean
}

/** Counts what is written of a body. */
class ByteCount {
  readonly #intended: IntendedBody
  #count = 0

  constructor(intended: IntendedBody) {
    this.#intended = intended
  }

  /** Whether these bytes can follow those before them under this head. */
  admits({ status, length: announced }: WrittenHead, { bytes, isLast }: Written): boolean {
    const isPartial = status === 206
    const length = announced ?? (isPartial ? this.#intended.length : undefined)
    if (length === undefined || endsWithHead(status)) return true
    const from = this.#count
    this.#count += bytes.length
    if (this.#count > length || (isLast && this.#count < length)) return false
    const meant = this.#intended.bytes?.subarray(from, this.#count)
    return !isPartial || meant === undefined || Buffer.compare(meant, bytes) === 0
  }
}
