// The answers of node:http.
import { digits, type FieldLines, fieldLines, single } from '../rules/field-lines.ts'
import type { Answer, BodyDelimiter, BodyEnd, BodyReceiver, PeekOptions } from './answer.ts'
import { isCloseDelimited } from './close-delimited.ts'
import { peekBody } from './peek-body.ts'
import { receiveBody } from './receive-body.ts'
import type { NodeExchange } from './send-request.ts'
import type { Target } from './target.ts'

/** A body that is not needed is read up to this length. A longer one costs its connection. */
const MAX_DISCARD_READ_BYTES = 16 * 1024

/** Where an answer came from. */
export type AnswerOrigin = Pick<Answer, 'target' | 'proxy' | 'misdirection'>

/** The answer of one exchange. */
export class NodeAnswer implements Answer {
  readonly status: number
  readonly fields: FieldLines
  readonly target: Target
  readonly proxy: URL | null
  readonly misdirection: string | null
  readonly #exchange: NodeExchange

  constructor(exchange: NodeExchange, { target, proxy, misdirection }: AnswerOrigin) {
    const { message } = exchange
    this.status = message.statusCode ?? 0
    this.fields = fieldLines(message.rawHeaders)
    this.target = target
    this.proxy = proxy
    this.misdirection = misdirection
    this.#exchange = exchange
  }

  get delimiter(): BodyDelimiter {
    if (!isCloseDelimited(this.#exchange.message)) return 'announced'
    // RFC 9112 §9.8: "A response that has neither chunked transfer coding nor Content-Length is complete only if a valid
    // closure alert has been received." Node ends a TLS socket in the same way with that alert and without.
    return this.target.url.protocol === 'https:' ? 'tls-closed' : 'closed'
  }

  /** node:http limits the size of trailers as it limits the size of a head. */
  trailers(): FieldLines {
    return fieldLines(this.#exchange.message.rawTrailers)
  }

  peek(options: PeekOptions): Promise<Buffer> {
    return peekBody(this.#exchange, options)
  }

  receive(receiver: BodyReceiver, stallTimeoutMs: number): Promise<BodyEnd> {
    return receiveBody({ ...this.#exchange, length: this.#length }, receiver, stallTimeoutMs)
  }

  discard(): void {
    const { message } = this.#exchange
    const length = this.#length
    if (length !== null && length <= MAX_DISCARD_READ_BYTES) message.resume()
    else message.destroy()
  }

  /** The same answer, as a redirect that is not followed. */
  misdirected(misdirection: string): NodeAnswer {
    return new NodeAnswer(this.#exchange, { target: this.target, proxy: this.proxy, misdirection })
  }

  /** The length of the body in bytes that the head announces, or null. */
  get #length(): number | null {
    return digits(single(this.fields, 'content-length'))
  }
}
