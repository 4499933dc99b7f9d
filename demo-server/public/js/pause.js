/** Resolves after `ms`. Rejects with the signal's reason if it is aborted earlier. */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const abort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** Resolves after `ms`, or as soon as the browser is online again. Rejects as `sleep` does. */
export async function waitToRetry(ms, signal) {
  const over = new AbortController()
  const options = { once: true, signal: over.signal }
  const online = new Promise((resolve) => addEventListener('online', resolve, options))
  try {
    await Promise.race([sleep(ms, AbortSignal.any([signal, over.signal])), online])
  } finally {
    over.abort()
  }
}
