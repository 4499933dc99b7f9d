import type { Hash } from 'node:crypto'
import { HASH_STEP_BYTES } from '../memory-bounds.ts'

/** Whether an answer waits for a hash, or it is made beside all answers. */
export type HashUrgency = 'awaited' | 'background'

/** A rest follows this much work, in ms. A timer cannot be set to less. */
const WORK_MS = 1
/** The longest rest, in ms. The clock also counts the time in which other programs ran in the middle of a step. */
const MAX_REST_MS = 50

/** What a test can replace. */
export interface HashTurnsTimes {
  /** A clock that only goes forward, in ms. */
  readonly now: () => number
  readonly rest: (ms: number) => Promise<void>
}

const TIMES: HashTurnsTimes = {
  now: () => performance.now(),
  rest: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

/**
 * Feeds hashes in small steps on the main thread, so that other work does not wait for them.
 *
 * In one turn of the event loop, all hashes together take in at most {@link HASH_STEP_BYTES}. Between two turns, the loop
 * serves sockets, timers and files. Hashes in the background also rest for as long as they have worked. A process that
 * never rests uses up its time slices, and the system then lets it wait when a request comes, also if another thread did
 * the work: on a busy machine that is most of the delay.
 */
export class HashTurns {
  readonly #times: HashTurnsTimes
  /** How many bytes can be hashed in this turn. */
  #left = HASH_STEP_BYTES
  /** Resolves in the next turn; undefined if no bytes were hashed in this one. */
  #nextTurn: Promise<void> | undefined
  /** How long the background has worked since its last rest, in ms. */
  #workedMs = 0
  #rest: Promise<void> | undefined

  constructor(times: HashTurnsTimes = TIMES) {
    this.#times = times
  }

  /** Adds bytes to a hash. They must not change until this resolves. */
  async update(hash: Pick<Hash, 'update'>, bytes: Uint8Array, urgency: HashUrgency): Promise<void> {
    for (let from = 0; from < bytes.length; from += HASH_STEP_BYTES) {
      const step = bytes.subarray(from, from + HASH_STEP_BYTES)
      await this.#takeTurn(step.length, urgency)
      const began = this.#times.now()
      hash.update(step)
      if (urgency === 'background') this.#restAfter(this.#times.now() - began)
    }
  }

  async #takeTurn(byteCount: number, urgency: HashUrgency): Promise<void> {
    for (;;) {
      const rest = urgency === 'background' ? this.#rest : undefined
      if (rest === undefined && byteCount <= this.#left) break
      await (rest ?? this.#nextTurn)
    }
    this.#left -= byteCount
    this.#nextTurn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#left = HASH_STEP_BYTES
        this.#nextTurn = undefined
        resolve()
      })
    })
  }

  #restAfter(workMs: number): void {
    this.#workedMs += workMs
    if (this.#workedMs < WORK_MS) return
    const ms = Math.min(this.#workedMs, MAX_REST_MS)
    this.#workedMs = 0
    this.#rest = this.#times.rest(ms).finally(() => {
      this.#rest = undefined
    })
  }
}

/** The one of this process, since all its hashes share one thread. */
export const hashTurns: HashTurns = new HashTurns()
