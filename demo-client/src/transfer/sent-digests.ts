// The digests of the whole file that its answers have in their heads, or in their trailers.
import type { Answer } from '../http/answer.ts'
import type { Digests } from '../rules/digest.ts'
import { trailerDigests } from '../rules/trailer-digests.ts'
import { VersionChanged } from '../schedule/attempt-failure.ts'

/** The digests that were sent for one version of a file. */
export class SentDigests {
  readonly #all: Record<string, string> = {}

  /** By algorithm, in base64. */
  get all(): Digests {
    return this.#all
  }

  /**
   * Reads the trailers of an answer whose body is complete.
   * @param body what of the file the body was
   * @throws VersionChanged if an earlier answer had another digest
   */
  learn(answer: Answer, body: 'whole' | 'part'): void {
    const { content, repr, older } = trailerDigests(answer.trailers())
    const whole = body === 'whole' ? [...Object.entries(content), ...older] : []
    this.#add([...Object.entries(repr), ...whole])
  }

  /**
   * Adds the digests in the head of an answer. A server that hashes a file in the background has none in the first answers.
   * @throws VersionChanged if an earlier answer had another digest
   */
  add(digests: Digests): void {
    this.#add(Object.entries(digests))
  }

  #add(digests: readonly (readonly [string, string])[]): void {
    for (const [algorithm, value] of digests) {
      const before = this.#all[algorithm] ?? value
      this.#all[algorithm] = before
      if (before !== value) throw new VersionChanged('its digest is not the one that was sent before')
    }
  }
}
