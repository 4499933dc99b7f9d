// Calls of the file system that do not return, such as those to a network home whose server is gone.
import { onAbort } from '../caller/abort-listeners.ts'

/** Calls that have not returned. Each of them blocks a thread, for which `process.exit()` would wait. */
const stalled = new Set<Promise<unknown>>()

/** How long to wait for a call. */
export interface WaitLimits {
  /** In ms. */
  readonly limit: number
  /** Ends the wait at once. */
  readonly signal: AbortSignal | null
  /** What the error message says did not answer. */
  readonly name: string
}

/**
 * Waits for `call` up to a limit. The call itself cannot be cancelled.
 * @throws what the call throws, the signal's reason, or an error that names what did not answer
 */
export async function waitFor<T>(call: Promise<T>, { limit, signal, name }: WaitLimits): Promise<T> {
  const back = tracked(call)
  back.catch(() => undefined) // it may return after the limit
  signal?.throwIfAborted()
  return await new Promise<T>((resolve, reject) => {
    const late = new Error(`${name} did not answer within ${limit / 1000} s`)
    const timer = setTimeout(() => end(() => reject(late)), limit)
    const unwatch = signal === null ? null : onAbort(signal, () => end(() => reject(signal.reason)))
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      unwatch?.()
      settle()
    }
    back.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    )
  })
}

/** `call`, which counts as stalled until it returns. */
export function tracked<T>(call: Promise<T>): Promise<T> {
  stalled.add(call)
  return call.finally(() => stalled.delete(call))
}

/** Is there a call that has not returned? */
export function hasStalledCalls(): boolean {
  return stalled.size > 0
}
