// The signals that end a command: the first one in order, the second at once.

const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

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
  for (const [name, number] of Object.entries(NUMBERS)) {
    process.on(name, () => {
      if (status !== null) process.exit(128 + number)
      status = 128 + number
      controller.abort()
    })
  }
  return { signal: controller.signal, status: () => status }
}
