// What a caller has called after each answer. It may throw, or return a promise that is rejected: both end the download.
import { onAbort } from '../caller/abort-listeners.ts'
import { DownloadError } from '../errors.ts'
import type { SegmentReport } from './segment-report.ts'

/** A caller's listener, as given. */
export type GivenListener = (report: SegmentReport) => void | PromiseLike<void>

/** Calls a caller's listener. */
export class SegmentListener {
  readonly #given: GivenListener | null
  readonly #onFailure: (error: DownloadError) => void
  /** Calls whose promises are not settled. */
  readonly #running = new Set<Promise<void>>()
  #failure: DownloadError | null = null

  /** @param onFailure is called when a promise was rejected */
  constructor(given: GivenListener | null, onFailure: (error: DownloadError) => void) {
    this.#given = given
    this.#onFailure = onFailure
  }

  /** @throws DownloadError `ERR_DOWNLOAD_USAGE` where the listener throws */
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
   * Resolves when no call is under way.
   * @throws DownloadError `ERR_DOWNLOAD_USAGE` where one of the promises was rejected
   * @throws the reason of `signal` when that is aborted
   */
  async settled(signal: AbortSignal | null): Promise<void> {
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
