// When a journal is written: one at a time, often enough that a kill costs little.

/** Pause between two journals, in ms: what a kill can cost at most. */
const PAUSE_MS = 250
/** With this share of the file written, or this much, there is no pause: a kill is to cost little, and the disk
 * to work while the network does. */
const SAVE_SHARE = 1 / 64
const SAVE_BYTES = 16 * 1024 * 1024

/** Saves what has been written, again and again. */
export class Checkpoints {
  readonly #save: () => Promise<void>
  readonly #onFailure: (error: unknown) => void
  #saving: Promise<void> | null = null
  #savedAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #isDirty = false
  /** Bytes written since the last journal was begun. */
  #unsaved = 0

  constructor(save: () => Promise<void>, onFailure: (error: unknown) => void) {
    this.#save = save
    this.#onFailure = onFailure
  }

  /** The journal that is on its way to the disk, or null. */
  get saving(): Promise<void> | null {
    return this.#saving
  }

  /** `bytes` more of a file of `total` are worth recording: now, or soon. */
  note(bytes: number, total: number): void {
    this.#unsaved += bytes
    this.#isDirty = true
    if (this.#saving !== null) return
    const isMuch = this.#unsaved >= Math.min(SAVE_BYTES, total * SAVE_SHARE)
    const wait = isMuch ? 0 : this.#savedAt + PAUSE_MS - performance.now()
    if (wait <= 0) this.#start(total)
    else this.#timer ??= setTimeout(() => this.#start(total), wait)
  }

  /** Lets a journal that is being written end, and starts no other. */
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
        this.#savedAt = performance.now()
        if (this.#isDirty) this.note(0, total)
      })
  }
}
