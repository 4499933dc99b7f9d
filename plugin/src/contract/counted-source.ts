import assert from 'node:assert/strict'
import type { RangeSource, Representation } from '../sources/source.ts'

/** A source that counts the representations of another one. */
export class CountedSource implements RangeSource {
  opened = 0
  closed = 0
  /** How many were closed more than once. */
  closedAgain = 0
  readonly #inner: RangeSource
  /** For each open: settles when nothing was opened, or when it was closed. */
  readonly #ends: Promise<void>[] = []

  constructor(inner: RangeSource) {
    this.#inner = inner
  }

  async open(...[path, context]: Parameters<RangeSource['open']>): Promise<Representation | undefined> {
    let noteEnd = (): void => {}
    const end = new Promise<void>((resolve) => {
      noteEnd = resolve
    })
    this.#ends.push(end)
    try {
      const opened = await this.#inner.open(path, context)
      if (opened === undefined) {
        noteEnd()
        return undefined
      }
      this.opened++
      return this.#counted(opened, noteEnd)
    } catch (error) {
      noteEnd()
      throw error
    }
  }

  /**
   * Resolves when each representation was closed. One that is never closed fails by the time limit of the test runner.
   *
   * @throws AssertionError if one was closed twice
   */
  async allClosed(): Promise<void> {
    while (this.#ends.length > 0) await this.#ends.pop()
    assert.equal(this.closedAgain, 0, 'representations that were closed twice')
  }

  #counted(opened: Representation, noteEnd: () => void): Representation {
    let isClosed = false
    const close = async (): Promise<void> => {
      if (isClosed) this.closedAgain++
      else this.closed++
      isClosed = true
      try {
        await opened.close()
      } finally {
        noteEnd()
      }
    }
    return new Proxy(opened, {
      get: (target, name) => {
        if (name === 'close') return close
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}
