// Digests of the whole file that the trailers of its answers have.
import type { Answer } from '../http/answer.ts'
import { trailerDigests } from '../rules/trailer-digests.ts'
import { VersionChanged } from '../schedule/attempt-failure.ts'

/** Collects them, of one version of a file. */
export class LateDigests {
  readonly #all: Record<string, string> = {}

  /** By algorithm, in base64. */
  get all(): Readonly<Record<string, string>> {
    return this.#all
  }

  /**
   * Takes the trailers of an answer that has come to its end. `isWhole`: its content was the whole file.
   * @throws VersionChanged where an earlier answer had another digest
   */
  learn(answer: Answer, isWhole: boolean): void {
    const { content, repr } = trailerDigests(answer.trailers())
    for (const [algorithm, value] of Object.entries({ ...(isWhole ? content : {}), ...repr })) {
      const before = this.#all[algorithm] ?? value
      this.#all[algorithm] = before
      if (before !== value) throw new VersionChanged('its digest is not the one that was sent before')
    }
  }
}
