// The digests of the whole file that its answers have in their trailers.
import type { Answer } from '../http/answer.ts'
import { trailerDigests } from '../rules/trailer-digests.ts'
import { VersionChanged } from '../schedule/attempt-failure.ts'

/** The digests that were sent for one version of a file. */
export class SentDigests {
  readonly #all: Record<string, string> = {}

  /** By algorithm, in base64. */
  get all(): Readonly<Record<string, string>> {
    return this.#all
  }

  /**
   * Reads the trailers of an answer whose body is complete.
   * @param isWhole was the body the whole file?
   * @throws VersionChanged if an earlier answer had another digest
   */
  learn(answer: Answer, isWhole: boolean): void {
    const { content, repr, older } = trailerDigests(answer.trailers())
    const whole = isWhole ? [...Object.entries(content), ...older] : []
    for (const [algorithm, value] of [...Object.entries(repr), ...whole]) {
      const before = this.#all[algorithm] ?? value
      this.#all[algorithm] = before
      if (before !== value) throw new VersionChanged('its digest is not the one that was sent before')
    }
  }
}
