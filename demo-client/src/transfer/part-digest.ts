// The digest of one part: a Content-Digest in the head of its answer, one in the trailers, or both.
import type { Hash } from 'node:crypto'
import type { Answer } from '../http/answer.ts'
import { ALGORITHMS, type Algorithm, type ExpectedDigest, strongest } from '../rules/digest.ts'
import { hasher } from '../rules/hasher.ts'
import { announcesContentDigest, canHaveTrailers, trailerDigests } from '../rules/trailer-digests.ts'

/** Hashes the bytes of a part as they come, and verifies the digests at the end. */
export class PartDigest {
  /** Is a digest sent or announced? Then the bytes count only after it has been verified. */
  readonly isExpected: boolean
  readonly #answer: Answer
  readonly #sent: ExpectedDigest | null
  readonly #hashes = new Map<Algorithm, Hash>()

  /** @param sent the Content-Digest in the head, or null */
  constructor(answer: Answer, sent: ExpectedDigest | null) {
    this.#answer = answer
    this.#sent = sent
    this.isExpected = sent !== null || announcesContentDigest(answer.fields)
    // A server need not announce its trailers, nor the algorithm in them. So both algorithms are computed.
    const mayHaveTrailers = canHaveTrailers(answer.fields)
    for (const algorithm of ALGORITHMS)
      if (mayHaveTrailers || sent?.algorithm === algorithm) this.#hashes.set(algorithm, hasher(algorithm))
  }

  update(bytes: Buffer): void {
    for (const hash of this.#hashes.values()) hash.update(bytes)
  }

  /** Does the part have every digest that was sent? Call it once, after the end of the body. */
  matches(): boolean {
    const inTrailers = strongest(trailerDigests(this.#answer.trailers()).content)
    const actual = new Map([...this.#hashes].map(([algorithm, hash]) => [algorithm, hash.digest('base64')]))
    return [this.#sent, inTrailers].every(
      (expected) => expected === null || actual.get(expected.algorithm) === expected.value,
    )
  }
}
