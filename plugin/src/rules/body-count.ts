import { endsWithHead } from './connection-fields.ts'

const PARTIAL_CONTENT = 206

/** What the body of an answer is meant to be. */
export interface IntendedBody {
  /** Bytes; undefined: whatever the head announces, since the body is not ours. */
  readonly length?: number
  /** The bytes themselves, where they are in memory. */
  readonly bytes?: Uint8Array
}

/** What the head of the answer says. */
interface Announced {
  readonly status: number
  /** Bytes of the body; undefined: nothing is said. */
  readonly length: number | undefined
}

/**
 * - `fits`: the bytes may go out
 * - `completes`: they may, and a client would take the answer for whole with the last of them
 * - `wrong`: they must not
 */
type Verdict = 'fits' | 'completes' | 'wrong'

/** Counts what is written of a body, which a hook may have put in the place of ours. */
export class BodyCount {
  readonly #intended: IntendedBody
  #count = 0

  constructor(intended: IntendedBody) {
    this.#intended = intended
  }

  /** Bytes so far. */
  get count(): number {
    return this.#count
  }

  /** Whether these bytes can follow those before them under this head. */
  add(head: Announced, bytes: Uint8Array): Verdict {
    const from = this.#count
    this.#count += bytes.length
    const length = this.#lengthUnder(head)
    if (length === undefined) return 'fits'
    if (this.#count > length || !this.#isIntended(head, bytes, from)) return 'wrong'
    return this.#count === length && bytes.length > 0 ? 'completes' : 'fits'
  }

  /** Whether the body may end here under this head. */
  mayEnd(head: Announced): boolean {
    const length = this.#lengthUnder(head)
    return length === undefined || this.#count === length
  }

  /** A 206 has the bytes of its range, also where no length is announced. */
  #lengthUnder({ status, length }: Announced): number | undefined {
    if (endsWithHead(status)) return undefined
    return length ?? (status === PARTIAL_CONTENT ? this.#intended.length : undefined)
  }

  #isIntended({ status }: Announced, bytes: Uint8Array, from: number): boolean {
    const { bytes: all } = this.#intended
    if (status !== PARTIAL_CONTENT || all === undefined) return true
    return Buffer.compare(all.subarray(from, this.#count), bytes) === 0
  }
}
