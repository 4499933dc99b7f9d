import { ABORTED, giveUp } from './given-up.ts'
import type { Signal } from './signal.ts'

/**
 * Is aborted when an answer is over. An AbortSignal costs more than the rules that decide an answer, so it is made only for
 * sources of an application.
 */
export class AnswerSignal implements Signal {
  #aborted = false
  #listeners: (() => void)[] = []

  get aborted(): boolean {
    return this.#aborted
  }

  get reason(): unknown {
    return this.#aborted ? ABORTED : undefined
  }

  throwIfAborted(): void {
    if (this.#aborted) throw ABORTED
  }

  /** Each listener is called once at most. */
  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.#aborted) this.#listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener)
    if (at >= 0) this.#listeners.splice(at, 1)
  }

  abort(): void {
    this.#aborted = true
    for (const listener of this.#listeners.splice(0)) listener()
  }

  /** Makes an AbortSignal that is aborted together with this one. */
  toAbortSignal(): AbortSignal {
    const controller = new AbortController()
    if (this.#aborted) giveUp(controller)
    else this.#listeners.push(() => giveUp(controller))
    return controller.signal
  }
}
