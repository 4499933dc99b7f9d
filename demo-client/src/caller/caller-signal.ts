// A signal of our own that follows the caller's AbortSignal. Whatever the caller's signal throws is handled here.
import { onAbort } from './abort-listeners.ts'
import { reading, unawaited } from './check-arguments.ts'

/** A signal that is aborted when the caller's is, for the same reason. */
export interface CallerSignal {
  readonly signal: AbortSignal
  /** Removes the listener from the caller's signal. */
  forget(): void
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` if `given` does not work like an AbortSignal */
export function followSignal(given: AbortSignal | null): CallerSignal {
  const own = new AbortController()
  const { signal } = own
  const nothing = { signal, forget: () => undefined }
  if (given === null) return nothing
  const abort = (): void => own.abort(reasonOf(given))
  return reading('signal', () => {
    if (!given.aborted) return { signal, forget: quietly(onAbort(given, abort)) }
    abort()
    return nothing
  })
}

/** The reason of the caller's signal. Undefined, which becomes an AbortError, if it cannot be read. */
function reasonOf(given: AbortSignal): unknown {
  try {
    return unawaited<unknown>(given.reason)
  } catch {
    return undefined
  }
}

/** The download has ended: an error that is thrown now must not change its outcome. */
function quietly(forget: () => void): () => void {
  return () => {
    try {
      forget()
    } catch {
      // the signal keeps a listener that it does not remove
    }
  }
}
