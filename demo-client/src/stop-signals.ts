// The signals that end a command: the first one in order, a later one at once.

const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

/**
 * Further signals within this time, in ms, belong to the same stop: `timeout` passes on a Ctrl-C that the terminal has
 * sent already, and a terminal that is closed sends SIGHUP twice.
 */
const SAME_STOP = 200

/** What {@link watchStopSignals} has seen. */
export interface StopSignals {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
  /** The exit status that tells of it (128 and its number), or null where none has come. */
  status(): number | null
}

/** Listens from now on, as long as the process lives. */
export function watchStopSignals(): StopSignals {
  const controller = new AbortController()
  let status: number | null = null
  let first = 0
  for (const [name, number] of Object.entries(NUMBERS)) {
    process.on(name, () => {
      const now = performance.now()
      if (status !== null) {
        if (now - first > SAME_STOP) process.exit(128 + number)
        return
      }
      first = now
      status = 128 + number
      controller.abort()
    })
  }
  return { signal: controller.signal, status: () => status }
}
