import { Http2ServerResponse } from 'node:http2'
import { holdToBody } from '../connection/http2-end.ts'
import type { SocketWatch } from '../connection/native-response.ts'
import type { RawResponse } from '../connection/response-lifetime.ts'
import { byteLength } from './byte-length.ts'
import { hasOwnBody } from './intended-answer.ts'

/** The one body that may be written into a response. */
export interface SoleBody {
  /** Bytes of it that were handed out to be written. */
  readonly handedOut: () => number
  /** Whether it was handed out to its end. */
  readonly isSpent: () => boolean
  /** Whether it was given up: what is written now is another answer. */
  readonly isGivenUp: () => boolean
  /** Called where something else writes into the response, or ends it. Cuts the answer. */
  readonly refuse: () => void
  /** Where the body is written by the methods of the response, and nothing wraps them. */
  readonly socket?: SocketWatch | undefined
}

type Method = 'write' | 'end'
type Write = (...given: unknown[]) => unknown

/**
 * Has a response take the bytes of one body only. A handler may still write on `reply.raw` while the body goes out; its
 * bytes would stand among those of the file, under the tag of the file. Where there are more bytes than the body has handed
 * out, some are of something else: the answer is cut before they go out.
 *
 * What goes past the methods of the response is noticed by the socket of HTTP/1, before the next bytes of the body, and by
 * the stream of HTTP/2.
 */
export function admitOnly(raw: RawResponse, body: SoleBody): void {
  const isGivenUp = (): boolean => body.isGivenUp() || !hasOwnBody(raw)
  const handedOut = (): number => (isGivenUp() ? Number.POSITIVE_INFINITY : body.handedOut())
  if (raw instanceof Http2ServerResponse && raw.stream !== undefined)
    holdToBody(raw.stream, { handedOut, refuse: body.refuse })
  new SoleWriter(raw, { ...body, isGivenUp, handedOut })
}

class SoleWriter {
  readonly #raw: RawResponse
  readonly #body: SoleBody
  #count = 0
  /** Whether Node or a wrapper is writing: what they call in turn are the same bytes. */
  #isInside = false

  constructor(raw: RawResponse, body: SoleBody) {
    this.#raw = raw
    this.#body = body
    this.#wrap('write', (given) => this.#admitsBytes(given))
    this.#wrap('end', (given) => this.#admitsBytes(given) && body.isSpent())
  }

  #wrap(method: Method, admits: (given: readonly unknown[]) => boolean): void {
    const raw = this.#raw
    const original = raw[method] as Write
    const guarded: Write = (...given) => {
      if (this.#isInside || raw.writableEnded || this.#body.isGivenUp())
        return Reflect.apply(original, raw, given)
      this.#isInside = true
      try {
        if (!admits(given)) this.#body.refuse()
        // What was cut takes no bytes, and reports an error to the caller that waits for them.
        return Reflect.apply(original, raw, given)
      } finally {
        this.#isInside = false
        this.#body.socket?.note(byteLength(given))
      }
    }
    Reflect.defineProperty(raw, method, { value: guarded, configurable: true, writable: true })
  }

  #admitsBytes(given: readonly unknown[]): boolean {
    if (this.#body.socket?.isUntouched() === false) return false
    this.#count += byteLength(given)
    return this.#count <= this.#body.handedOut()
  }
}
