// The wait for room in the store, while bytes are missing and there is nothing that can be asked for.
import type { ByteStore } from '../disk/byte-store.ts'

/** Waits between two rounds of connections. */
export class RoomWait {
  readonly #store: Pick<ByteStore, 'window'>
  #end: () => void = () => undefined
  /** Rounds in a row that have sent no request and after which there was nothing to wait for. */
  #idleRounds = 0

  constructor(store: Pick<ByteStore, 'window'>) {
    this.#store = store
  }

  /**
   * Call after a round. `requests`: how many it has sent. Resolves when there may be something to fetch.
   * @throws Error instead of rounds without end, which would block the process: the room may have come just before the
   * wait for it, but the second time nothing can change any more
   */
  async afterRound(requests: number): Promise<void> {
    const moved = this.#store.window?.moved ?? null
    this.#idleRounds = moved !== null || requests > 0 ? 0 : this.#idleRounds + 1
    if (this.#idleRounds > 1)
      throw new Error('bytes are missing, and there is nothing to fetch or to wait for')
    if (moved === null) return
    await new Promise<void>((resolve) => {
      this.#end = resolve
      void moved.then(resolve)
    })
  }

  /** Ends the wait. */
  end(): void {
    this.#end()
  }
}
