// The signals that end a command: the first one in order, a later one at once.
import { hasStalledCalls } from '../files/stalled-calls.ts'
import { leaveTerminal } from './foreground.ts'

const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const
const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

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
  let by: (typeof NAMES)[number] | null = null
  let first = 0
  for (const name of NAMES) {
    process.on(name, () => {
      const now = performance.now()
      if (by !== null) {
        if (now - first > SAME_STOP) endNow(name)
        return
      }
      first = now
      by = name
      controller.abort()
    })
  }
  return { signal: controller.signal, status: () => (by === null ? null : 128 + NUMBERS[by]) }
}

/** How long, in ms, calls of the file system have to come back before a stop ends the process without them. */
const GRACE = 100

/**
 * All is done, and the process ends with `status`. `process.exit()` waits for calls of the file system that have not come
 * back: a stop does not wait for long, and neither does a signal from then on.
 */
export function leave(status: number): void {
  process.exitCode = status
  if (hasStalledCalls()) setTimeout(() => endWithout(status), GRACE).unref()
}

/** Ends the process where calls are stuck. Where none is any more, it ends by itself. */
function endWithout(status: number): void {
  if (!hasStalledCalls()) return
  for (const name of NAMES) process.removeAllListeners(name)
  const by = NAMES.find((name) => 128 + NUMBERS[name] === status)
  if (by !== undefined) endNow(by)
}

function endNow(name: (typeof NAMES)[number]): void {
  if (!hasStalledCalls()) process.exit(128 + NUMBERS[name])
  leaveTerminal()
  process.removeAllListeners(name)
  process.kill(process.pid, name) // the system's own way to end it; a shell sees the same status
}
