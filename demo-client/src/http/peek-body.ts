// The first bytes of a body, looked at before anything is done with it.

import type { Answer } from './node-client.ts'
import { breakOff } from './receive-body.ts'

/** Thrown where a body ended before its first bytes were known. */
export class EarlyEnd extends Error {
  override readonly cause: Error | null

  constructor(message: string, cause: Error | null) {
    super(message)
    this.cause = cause
  }
}

/** How to look. */
export interface Look {
  /** Are these bytes, or more of them, enough? */
  readonly isEnough: (bytes: Buffer) => boolean
  /** In ms. */
  readonly stallTimeout: number
}

/**
 * The first bytes of the body, as many as are needed, or fewer where the body is shorter. They stay in the body, and the
 * next reader begins with them.
 * @throws EarlyEnd where the connection breaks off or is silent
 */
export function startOf(answer: Answer, look: Look): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    new Looking(answer, look, { resolve, reject }).start()
  })
}

class Looking {
  readonly #answer: Answer
  readonly #look: Look
  readonly #end: { readonly resolve: (bytes: Buffer) => void; readonly reject: (error: EarlyEnd) => void }
  #bytes: Buffer = Buffer.alloc(0)
  #stall: NodeJS.Timeout | undefined

  constructor(
    answer: Answer,
    look: Look,
    end: { resolve: (bytes: Buffer) => void; reject: (error: EarlyEnd) => void },
  ) {
    this.#answer = answer
    this.#look = look
    this.#end = end
  }

  start(): void {
    const { body } = this.#answer
    if (body.destroyed) this.#break()
    else if (!this.#read()) {
      const { stallTimeout } = this.#look
      body.on('readable', this.#read).once('close', this.#break)
      this.#stall = setTimeout(() => {
        this.#fail(`nothing came for ${stallTimeout / 1000} s`, null)
        body.destroy()
      }, stallTimeout)
    }
  }

  /** Takes what is there. At its end a body must not be read: it would say so, and nobody listens yet. */
  readonly #read = (): boolean => {
    const { body } = this.#answer
    this.#stall?.refresh()
    while (body.readableLength > 0) {
      const chunk: Buffer | null = body.read()
      if (chunk === null) break
      this.#bytes = Buffer.concat([this.#bytes, chunk])
    }
    if (!body.complete && !this.#look.isEnough(this.#bytes)) return false
    this.#stop()
    // In the same turn, so that a body of which all has been read does not end.
    if (this.#bytes.length > 0) body.unshift(this.#bytes)
    this.#end.resolve(this.#bytes)
    return true
  }

  readonly #break = (): void => {
    const cause = this.#answer.failure() ?? this.#answer.body.errored
    this.#fail(breakOff(cause), cause)
  }

  #fail(message: string, cause: Error | null): void {
    this.#stop()
    this.#end.reject(new EarlyEnd(message, cause))
  }

  #stop(): void {
    clearTimeout(this.#stall)
    this.#answer.body.off('readable', this.#read).off('close', this.#break)
  }
}
