// Receives the body of one answer of node:http, with back-pressure and stall detection.
import type { ParserBypass } from '../connect/parser-bypass.ts'
import { formatDuration } from '../text/quantities.ts'
import type { BodyCut, BodyEnd, BodyReceiver } from './answer.ts'
import { isAfterEnd, isCloseDelimited } from './close-delimited.ts'
import { isMalformed, type NodeExchange } from './send-request.ts'

/** A body to receive. */
export interface NodeBody extends NodeExchange {
  /** The length in bytes that the head announces, or null. */
  readonly length: number | null
}

/** Taking a body past node:http costs its connection. A body of this length is worth that. */
const MIN_DIRECT_BYTES = 16 * 1024 * 1024

/** Receives a body until it ends, or until the receiver stops it. Never rejects. */
export function receiveBody(
  body: NodeBody,
  receiver: BodyReceiver,
  stallTimeoutMs: number,
): Promise<BodyEnd> {
  return new Promise((resolve) => {
    new BodyTransfer(body, receiver, resolve).start(stallTimeoutMs)
  })
}

class BodyTransfer {
  readonly #body: NodeBody
  readonly #receiver: BodyReceiver
  readonly #resolve: (end: BodyEnd) => void
  /** Set if the bytes go past node:http, straight into the buffers of the receiver. */
  readonly #direct: {
    readonly bypass: ParserBypass
    readonly nextBuffer: () => Buffer
    readonly length: number
  } | null
  /** Promises of the receiver that are not settled. The body is paused while there are any. */
  #waits = 0
  #isOver = false
  #stall: NodeJS.Timeout | undefined

  constructor(body: NodeBody, receiver: BodyReceiver, resolve: (end: BodyEnd) => void) {
    this.#body = body
    this.#receiver = receiver
    this.#resolve = resolve
    const { bypass, length, message } = body
    const { nextBuffer } = receiver
    const isLong =
      length !== null && length >= MIN_DIRECT_BYTES && message.headers['transfer-encoding'] === undefined
    this.#direct = isLong && bypass !== null && nextBuffer !== null ? { bypass, nextBuffer, length } : null
  }

  start(stallTimeoutMs: number): void {
    const { message } = this.#body
    this.#stall = setTimeout(() => {
      if (this.#waits > 0) this.#stall?.refresh()
      else this.#end({ kind: 'cut', ...stalled(stallTimeoutMs) })
    }, stallTimeoutMs)
    message.once('close', () => this.#closed())
    if (message.destroyed || message.readableEnded) {
      // While the answer was judged, or the part file was prepared. A request that is destroyed has its answer read to the end,
      // and nothing comes after that.
      this.#end({ kind: 'cut', ...brokenOff(this.#body) })
    } else if (this.#direct === null) {
      message.on('data', (chunk) => this.#receive(chunk))
      message.once('end', () => void endOf(this.#body).then((end) => this.#end(end)))
    } else {
      const { bypass, nextBuffer, length } = this.#direct
      bypass.divert(message, length, {
        nextBuffer,
        receive: (chunk) => this.#receive(chunk),
        end: () => this.#end({ kind: 'complete' }),
      })
      if (this.#waits === 0) bypass.resume()
    }
  }

  get #flow(): Pick<ParserBypass, 'pause' | 'resume'> {
    return this.#direct?.bypass ?? this.#body.message
  }

  #closed(): void {
    if (!this.#body.message.readableEnded) this.#end({ kind: 'cut', ...brokenOff(this.#body) })
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return
    this.#stall?.refresh()
    const demand = this.#receiver.receive(chunk)
    if (typeof demand !== 'string') this.#pauseUntil(demand)
    else if (demand !== 'more') this.#end({ kind: demand })
  }

  #pauseUntil(ready: Promise<void>): void {
    if (this.#waits++ === 0) this.#flow.pause()
    void ready.finally(() => {
      this.#stall?.refresh()
      if (--this.#waits === 0 && !this.#isOver) this.#flow.resume()
    })
  }

  #end(end: BodyEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#stall)
    // A connection that node:http has not read to the end of the body cannot be used again.
    if (end.kind !== 'complete' || this.#direct !== null) this.#body.message.destroy()
    this.#resolve(end)
  }
}

/** Decides whether a body that has ended is complete. */
async function endOf({ message, closed, failure }: NodeExchange): Promise<BodyEnd> {
  // A reset ends a close-delimited body just as the end of the connection does. The request knows which of the two it was,
  // but only after it is closed.
  const isDelimitedByClose = isCloseDelimited(message)
  if (isDelimitedByClose) await closed
  const error = failure()
  const isWhole = error === null || (isDelimitedByClose && isAfterEnd(error))
  return message.complete && isWhole ? { kind: 'complete' } : { kind: 'cut', ...cutBy(error) }
}

/** The cut of a body whose connection is closed. */
export function brokenOff({ message, failure }: NodeExchange): BodyCut {
  return cutBy(failure() ?? message.errored)
}

/** The cut of a body that brought nothing for `timeoutMs`. */
export function stalled(timeoutMs: number): BodyCut {
  return { reason: `nothing came for ${formatDuration(timeoutMs)}`, cause: null, isMalformed: false }
}

function cutBy(cause: Error | null): BodyCut {
  const detail = cause === null || cause.message === 'aborted' ? '' : ` (${cause.message})`
  return { reason: `the connection broke off${detail}`, cause, isMalformed: isMalformed(cause) }
}
