// The listener that a caller gives for each answer. If it throws or returns a promise that is rejected, the download ends.
import { onAbort } from '../caller/abort-listeners.ts'
import { DownloadError } from '../errors.ts'
import type { SegmentReport } from './segment-report.ts'

/** The listener of a caller, as given. */
export type GivenListener = (report: SegmentReport) => void | PromiseLike<void>

/** Calls the listener of a caller. */
export class SegmentListener {
  readonly #given: GivenListener | null
  readonly #onFailure: (error: DownloadError) => void
  /** Calls whose promises are pending. */
  readonly #running = new Set<Promise<void>>()
  #failure: DownloadError | null = null

  /** @param onFailure called when a promise is rejected */
  constructor(given: GivenListener | null, onFailure: (error: DownloadError) => void) {
    this.#given = given
    this.#onFailure = onFailure
  }

  /** @throws DownloadError `ERR_DOWNLOAD_USAGE` if the listener throws */
  call(report: SegmentReport): void {
    let returned: unknown
    try {
      returned = this.#given?.(report)
    } catch (cause) {
      throw listenerError(cause)
    }
    if (typeof returned === 'object' && returned !== null) this.#follow(Promise.resolve(returned))
  }

  /**
   * Resolves when no call is pending.
   * @throws DownloadError `ERR_DOWNLOAD_USAGE` if one of the promises was rejected
   * @throws the reason of `signal` if that is aborted
   */
  async done(signal: AbortSignal | null): Promise<void> {
    const all = async (): Promise<void> => {
      while (this.#running.size > 0) await Promise.all(this.#running)
    }
    await untilAborted(all(), signal)
    if (this.#failure !== null) throw this.#failure
  }

  #follow(returned: Promise<unknown>): void {
    const running: Promise<void> = returned.then(
      () => void this.#running.delete(running),
      (cause: unknown) => {
        this.#running.delete(running)
        this.#failure ??= listenerError(cause)
        this.#onFailure(this.#failure)
      },
    )
    this.#running.add(running)
  }
}

async function untilAborted(work: Promise<void>, signal: AbortSignal | null): Promise<void> {
  if (signal === null) return await work
  let forget = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => reject(signal.reason))
  })
  try {
    signal.throwIfAborted()
    await Promise.race([work, aborted])
  } finally {
    forget()
  }
}

function listenerError(cause: unknown): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', 'onSegment has thrown an error', { cause })
}
