// What proves the bytes of one part: the Content-Digest in its head, the one in its trailers, or both.
import type { Hash } from 'node:crypto'
import type { Answer } from '../http/answer.ts'
import { ALGORITHMS, type Algorithm, type ExpectedDigest, hasher, strongest } from '../rules/digest.ts'
import { announcesContentDigest, canHaveTrailers, trailerDigests } from '../rules/trailer-digests.ts'

/** Takes the bytes of a part as they come, and says at their end whether they are the right ones. */
export class PartProof {
  /** Is a digest sent or announced? Then the bytes count only when it holds. */
  readonly isExpected: boolean
  readonly #answer: Answer
  readonly #sent: ExpectedDigest | null
  readonly #hashes = new Map<Algorithm, Hash>()

  /** @param sent the Content-Digest in the head, or null */
  constructor(answer: Answer, sent: ExpectedDigest | null) {
    this.#answer = answer
    this.#sent = sent
    this.isExpected = sent !== null || announcesContentDigest(answer.fields)
    const isOpen = canHaveTrailers(answer.fields) // trailers need not be announced, nor say which algorithm they have
    for (const algorithm of ALGORITHMS)
      if (isOpen || sent?.algorithm === algorithm) this.#hashes.set(algorithm, hasher(algorithm))
  }

  update(bytes: Buffer): void {
    for (const hash of this.#hashes.values()) hash.update(bytes)
  }

  /** Does every digest hold that was sent? To be asked once, when the body has come to its end. */
  holds(): boolean {
    const behind = strongest(trailerDigests(this.#answer.trailers()).content)
    const actual = new Map([...this.#hashes].map(([algorithm, hash]) => [algorithm, hash.digest('base64')]))
    return [this.#sent, behind].every(
      (expected) => expected === null || actual.get(expected.algorithm) === expected.value,
    )
  }
}
