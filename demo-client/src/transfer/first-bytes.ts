// The first bytes of a file, compared with its name before anything reaches the disk.
import { MAX_CHECKED_BYTES, reasonFor, type StandIn, standInOf } from '../content/stand-in.ts'
import type { Answer } from '../http/answer.ts'
import { list } from '../rules/field-lines.ts'
import type { Verdict } from '../rules/verdict.ts'

/** An answer and the verdict on its head. */
export interface JudgedHead {
  readonly answer: Answer
  readonly verdict: Verdict
  /** What may come in place of the file, and cannot be the file. */
  readonly suspects: readonly StandIn[]
}

/** The first bytes of one version of a file. They can come in several answers, because segments can be small. */
export class FirstBytes {
  readonly #stallTimeout: number
  /** The bytes that have come, by position in the file, while they do not decide; null after they have decided. */
  #pieces: ReadonlyMap<number, Buffer> | null = new Map()

  /** @param stallTimeout in ms */
  constructor(stallTimeout: number) {
    this.#stallTimeout = stallTimeout
  }

  /** The verdict on an answer, with its first bytes taken into account. @throws PeekFailure */
  async judge({ answer, verdict, suspects }: JudgedHead): Promise<Verdict> {
    const start = startIn(answer, verdict)
    // An answer that begins at the first byte is always checked: it may differ from the one that decided.
    if (start === null || start >= MAX_CHECKED_BYTES || (start > 0 && this.#pieces === null)) return verdict
    const contentType = list(answer.fields, 'content-type') ?? ''
    const found = (bytes: Buffer): StandIn | 'none' | 'more' => standInOf({ bytes, contentType, suspects })
    if (found(Buffer.alloc(0)) === 'none') return verdict
    const including = (bytes: Buffer): Map<number, Buffer> =>
      new Map([...(this.#pieces ?? []), [start, bytes]])
    const bytes = await answer.peek({
      isEnough: (bytes) =>
        start + bytes.length >= MAX_CHECKED_BYTES || found(joined(including(bytes))) !== 'more',
      stallTimeoutMs: this.#stallTimeout,
    })
    const pieces = including(bytes)
    const kind = found(joined(pieces))
    this.#pieces = kind === 'more' ? pieces : null
    if (kind === 'none' || kind === 'more') return verdict
    return { kind: start === 0 && found(bytes) === kind ? 'invalid' : 'stand-in', reason: reasonFor(kind) }
  }
}

/** The bytes from the first one of the file to the first one that is missing. */
function joined(pieces: ReadonlyMap<number, Buffer>): Buffer {
  let bytes = Buffer.alloc(0)
  for (const [start, piece] of [...pieces].sort(([a], [b]) => a - b)) {
    if (start > bytes.length) break
    bytes = Buffer.concat([bytes, piece.subarray(bytes.length - start)])
  }
  return bytes
}

/** The position in the file at which the body begins, or null where its bytes need not be checked. */
function startIn({ status }: Answer, verdict: Verdict): number | null {
  if (verdict.kind === 'part') return verdict.start
  // An answer that seems to be of another version may be a page, and then the stored bytes are still good.
  return verdict.kind === 'whole' || (verdict.kind === 'changed' && (status === 200 || status === 203))
    ? 0
    : null
}
