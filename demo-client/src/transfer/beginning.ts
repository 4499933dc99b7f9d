// The beginning of a file, held against its name before anything of it reaches the disk.
import { MOST, reasonFor, type StandIn, standInOf } from '../content/stand-in.ts'
import type { Answer } from '../http/answer.ts'
import { list } from '../rules/field-lines.ts'
import type { Verdict } from '../rules/verdict.ts'

/** An answer whose head has been judged. */
export interface Headed {
  readonly answer: Answer
  readonly verdict: Verdict
  /** What cannot be the file. */
  readonly suspects: readonly StandIn[]
}

/** The first bytes of one version of a file. They can come in several answers: a segment may have a byte. */
export class Beginning {
  readonly #stallTimeout: number
  /** What has come so far and does not decide, by its place in the file; null: it is decided. */
  #pieces: ReadonlyMap<number, Buffer> | null = new Map()

  /** @param stallTimeout in ms */
  constructor(stallTimeout: number) {
    this.#stallTimeout = stallTimeout
  }

  /** The verdict on an answer, its first bytes included. @throws PeekFailure */
  async judge({ answer, verdict, suspects }: Headed): Promise<Verdict> {
    const start = startIn(answer, verdict)
    // An answer that begins at the first byte may be another one than the last that did.
    if (start === null || start >= MOST || (start > 0 && this.#pieces === null)) return verdict
    const contentType = list(answer.fields, 'content-type') ?? ''
    const found = (bytes: Buffer): StandIn | 'none' | 'more' => standInOf({ bytes, contentType, suspects })
    if (found(Buffer.alloc(0)) === 'none') return verdict
    const including = (bytes: Buffer): Map<number, Buffer> =>
      new Map([...(this.#pieces ?? []), [start, bytes]])
    const bytes = await answer.peek({
      isEnough: (bytes) => start + bytes.length >= MOST || found(joined(including(bytes))) !== 'more',
      stallTimeoutMs: this.#stallTimeout,
    })
    const pieces = including(bytes)
    const kind = found(joined(pieces))
    this.#pieces = kind === 'more' ? pieces : null
    if (kind === 'none' || kind === 'more') return verdict
    return { kind: start === 0 && found(bytes) === kind ? 'lie' : 'stand-in', reason: reasonFor(kind) }
  }
}

/** From the first byte of the file to the first one that has not come. */
function joined(pieces: ReadonlyMap<number, Buffer>): Buffer {
  let bytes = Buffer.alloc(0)
  for (const [start, piece] of [...pieces].sort(([a], [b]) => a - b)) {
    if (start > bytes.length) break
    bytes = Buffer.concat([bytes, piece.subarray(bytes.length - start)])
  }
  return bytes
}

/** Where in the file the body begins, or null where it is not known, or there is nothing to know. */
function startIn({ status }: Answer, verdict: Verdict): number | null {
  if (verdict.kind === 'part') return verdict.start
  // What is taken for another version may be a page, and then the bytes held are still good.
  return verdict.kind === 'whole' || (verdict.kind === 'changed' && (status === 200 || status === 203))
    ? 0
    : null
}
