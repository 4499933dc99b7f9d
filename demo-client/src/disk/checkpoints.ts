// Decides when a journal is written: one at a time, and so often that a kill loses little.
import { isSmall } from './write-sizes.ts'

/** Pause between two journals: a kill loses at most what was received in this time. */
const PAUSE_MS = 250
/** After this share of the file, or this many bytes, a journal is written without a pause, so that a kill loses little and
 * the disk works while the network does. */
const SAVE_SHARE = 1 / 64
const SAVE_BYTES = 16 * 1024 * 1024

/** Saves a journal again and again. */
export class Checkpoints {
  readonly #save: () => Promise<void>
  readonly #onFailure: (error: unknown) => void
  #saving: Promise<void> | null = null
  /** When the last journal was written, by `performance`; for a small file without one, when its first bytes were. */
  #savedAt: number | null = null
  #hasSaved = false
  #timer: NodeJS.Timeout | undefined
  #isDirty = false
  /** Bytes written since the last journal was begun. */
  #unsaved = 0

  constructor(save: () => Promise<void>, onFailure: (error: unknown) => void) {
    this.#save = save
    this.#onFailure = onFailure
  }

  /** The journal that is being written, or null. */
  get saving(): Promise<void> | null {
    return this.#saving
  }

  /** Call when `bytes` more of a file of `total` are written: saves a journal, now or soon. */
  note(bytes: number, total: number): void {
    this.#unsaved += bytes
    this.#isDirty = true
    if (this.#saving !== null) return
    const wait = this.#wait(total)
    if (wait <= 0) this.#start(total)
    else this.#timer ??= setTimeout(() => this.#start(total), wait)
  }

  /** How long the next journal of a file of `total` bytes waits, in ms. */
  #wait(total: number): number {
    const now = performance.now()
    if (!this.#hasSaved && isSmall(total)) this.#savedAt ??= now
    else if (this.#unsaved >= Math.min(SAVE_BYTES, total * SAVE_SHARE)) return 0
    return this.#savedAt === null ? 0 : this.#savedAt + PAUSE_MS - now
  }

  /** Cancels the next journal, and waits for the one that is being written. */
  async cancel(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isDirty = false
    await this.#saving
  }

  #start(total: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#isDirty || this.#saving !== null) return
    this.#isDirty = false
    this.#unsaved = 0
    this.#saving = this.#save()
      .catch(this.#onFailure)
      .finally(() => {
        this.#saving = null
        this.#hasSaved = true
        this.#savedAt = performance.now()
        if (this.#isDirty) this.note(0, total)
      })
  }
}
