// Reads the first bytes of a body and puts them back.
import { type BodyCut, PeekFailure, type PeekOptions } from './answer.ts'
import { brokenOff, stalled } from './receive-body.ts'
import type { NodeExchange } from './send-request.ts'

/** See `Answer.peek`. @throws PeekFailure */
export function peekBody(exchange: NodeExchange, options: PeekOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    new Peek(exchange, options, { resolve, reject }).start()
  })
}

/** Settles the promise of {@link peekBody}. */
interface Settle {
  readonly resolve: (bytes: Buffer) => void
  readonly reject: (error: PeekFailure) => void
}

class Peek {
  readonly #exchange: NodeExchange
  readonly #options: PeekOptions
  readonly #settle: Settle
  #bytes: Buffer = Buffer.alloc(0)
  #stall: NodeJS.Timeout | undefined

  constructor(exchange: NodeExchange, options: PeekOptions, settle: Settle) {
    this.#exchange = exchange
    this.#options = options
    this.#settle = settle
  }

  start(): void {
    const { message } = this.#exchange
    if (message.destroyed) this.#closed()
    else if (!this.#read()) {
      const { stallTimeoutMs } = this.#options
      message.on('readable', this.#read).once('close', this.#closed)
      this.#stall = setTimeout(() => {
        this.#fail(stalled(stallTimeoutMs))
        message.destroy()
      }, stallTimeoutMs)
    }
  }

  /** Reads what is buffered. A body that is complete must not be read to its end: nothing listens for that yet. */
  readonly #read = (): boolean => {
    const { message } = this.#exchange
    this.#stall?.refresh()
    while (message.readableLength > 0) {
      const chunk: Buffer | null = message.read()
      if (chunk === null) break
      this.#bytes = Buffer.concat([this.#bytes, chunk])
    }
    if (!message.complete && !this.#options.isEnough(this.#bytes)) return false
    this.#stop()
    // In the same turn, so that a body that has been read completely does not end.
    if (this.#bytes.length > 0) message.unshift(this.#bytes)
    this.#settle.resolve(this.#bytes)
    return true
  }

  readonly #closed = (): void => this.#fail(brokenOff(this.#exchange))

  #fail(cut: BodyCut): void {
    this.#stop()
    this.#settle.reject(new PeekFailure(cut))
  }

  #stop(): void {
    clearTimeout(this.#stall)
    this.#exchange.message.off('readable', this.#read).off('close', this.#closed)
  }
}
