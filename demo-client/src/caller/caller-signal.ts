// The caller's AbortSignal, and one of our own that follows it: what the caller's may throw stays here.
import { onAbort } from './abort-listeners.ts'
import { reading, unawaited } from './check-arguments.ts'

/** A signal that is aborted when the caller's is, for the same reason. */
export interface CallerSignal {
  readonly signal: AbortSignal
  /** Leaves nothing on the caller's. */
  forget(): void
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` where `given` does not work like an AbortSignal */
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

/** Undefined, which stands for an AbortError, where it cannot be read. */
function reasonOf(given: AbortSignal): unknown {
  try {
    return unawaited<unknown>(given.reason)
  } catch {
    return undefined
  }
}

/** The download is over: whatever is thrown here must not change how. */
function quietly(forget: () => void): () => void {
  return () => {
    try {
      forget()
    } catch {
      // a signal that does not take its listener back keeps it
    }
  }
}
