import { endsWithHead } from './connection-fields.ts'

const PARTIAL_CONTENT = 206

/** What the body of an answer is intended to be. */
export interface IntendedBody {
  /** Bytes; undefined if the body is not ours, and has the length that its head announces. */
  readonly length?: number
  /** The bytes themselves, if they are in memory. */
  readonly bytes?: Uint8Array
}

/** What the head of the answer says. */
interface Announced {
  readonly status: number
  /** Bytes of the body; undefined if it announces none. */
  readonly length: number | undefined
}

/**
 * - `fits`: the bytes may be sent
 * - `completes`: they may be sent, and with the last one a client takes the answer for complete
 * - `wrong`: they must not be sent
 */
type Verdict = 'fits' | 'completes' | 'wrong'

/** Counts the bytes of a body, with which a hook may have replaced ours. */
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

  /** Whether these bytes may follow those before them, with this head. */
  add(head: Announced, bytes: Uint8Array): Verdict {
    const from = this.#count
    this.#count += bytes.length
    const length = this.#lengthUnder(head)
    if (length === undefined) return 'fits'
    if (this.#count > length || !this.#isIntended(head, bytes, from)) return 'wrong'
    return this.#count === length && bytes.length > 0 ? 'completes' : 'fits'
  }

  /** Whether the body may end here, with this head. */
  mayEnd(head: Announced): boolean {
    const length = this.#lengthUnder(head)
    return length === undefined || this.#count === length
  }

  /** A 206 has the bytes of its range, also if no length is announced. */
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
