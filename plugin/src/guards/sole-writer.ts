import { Http2ServerResponse } from 'node:http2'
import { limitToBody } from '../connection/http2-end.ts'
import type { SocketWatch } from '../connection/native-response.ts'
import type { RawResponse } from '../connection/response-lifetime.ts'
import { hasOwnBody } from './intended-answer.ts'
import { byteLength, interceptWrites, passRejection, type Write, type WriteArguments } from './write-calls.ts'

/** The only body that may be written into a response. */
export interface SoleBody {
  /** Bytes of it that were handed out to be written. */
  readonly handedOut: () => number
  /** Whether all of it was handed out. */
  readonly isSpent: () => boolean
  /** Whether it was given up: what is written now is another answer. */
  readonly isGivenUp: () => boolean
  /** Called when something else writes into the response, or ends it. Cuts the answer. */
  readonly refuse: () => void
  /** Called when a wrapper below has thrown over the body. Cuts the answer. */
  readonly fail: (thrown: unknown) => void
  /** If the body is written by the methods of the response, and nothing wraps them. */
  readonly socket?: SocketWatch | undefined
}

/**
 * Has a response take the bytes of one body only. A handler may still write on `reply.raw` while the body goes out. Its
 * bytes would come among those of the file, under the tag of the file. If more bytes are written than the body has
 * handed out, some are not of the body, and the answer is cut before they go out.
 *
 * Bytes that are not written through the methods of the response are noticed at the socket of HTTP/1, before the next
 * bytes of the body, and at the stream of HTTP/2.
 */
export function admitOnly(raw: RawResponse, body: SoleBody): void {
  const isGivenUp = (): boolean => body.isGivenUp() || !hasOwnBody(raw)
  const handedOut = (): number => (isGivenUp() ? Number.POSITIVE_INFINITY : body.handedOut())
  if (raw instanceof Http2ServerResponse && raw.stream !== undefined)
    limitToBody(raw.stream, { handedOut, refuse: body.refuse })
  const { isSpent, refuse, fail, socket } = body
  new SoleWriter(raw, { handedOut, isSpent, isGivenUp, refuse, fail, socket })
}

class SoleWriter {
  readonly #raw: RawResponse
  readonly #body: SoleBody
  #count = 0

  constructor(raw: RawResponse, body: SoleBody) {
    this.#raw = raw
    this.#body = body
    interceptWrites(raw, {
      write: (write, given) => this.#pass(write, given, 'write'),
      end: (end, given) => this.#pass(end, given, 'end'),
    })
  }

  #pass(original: Write, given: WriteArguments, method: 'write' | 'end'): unknown {
    const raw = this.#raw
    const { isGivenUp, isSpent, refuse, fail, socket } = this.#body
    if (raw.writableEnded || isGivenUp()) return Reflect.apply(original, raw, given)
    const isAdmitted = this.#admitsBytes(given) && (method === 'write' || isSpent())
    try {
      if (!isAdmitted) refuse()
      // A response that was cut takes no bytes, and reports an error to a caller that waits for them.
      return passRejection(Reflect.apply(original, raw, given), fail)
    } catch (thrown) {
      // Nobody catches what is thrown at the pipe of the body: it would end the process, and the client would wait.
      if (!isAdmitted || (method === 'write' && byteLength(given) === 0)) throw thrown
      fail(thrown)
      return method === 'write' ? false : raw
    } finally {
      socket?.note(byteLength(given))
    }
  }

  #admitsBytes(given: WriteArguments): boolean {
    if (this.#body.socket?.isUntouched() === false) return false
    this.#count += byteLength(given)
    return this.#count <= this.#body.handedOut()
  }
}
