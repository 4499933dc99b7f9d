// The signals that end a command. The first one stops it in order, a second one at once.
import { hasStalledCalls } from '../files/hanging-calls.ts'
import { leaveTerminal } from './foreground.ts'

const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const
const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Signals within this time belong to the same stop: `timeout` forwards a Ctrl-C that the terminal has already sent, and a
 * terminal that is closed sends SIGHUP twice.
 */
const SAME_STOP_MS = 200

/** The stop that {@link watchStopSignals} has seen, if any. */
export interface StopSignals {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
  /** The exit status for the signal (128 plus its number); null if there was none. */
  status(): number | null
}

/** Listens for signals until the process ends. */
export function watchStopSignals(): StopSignals {
  const controller = new AbortController()
  let by: (typeof NAMES)[number] | null = null
  let first = 0
  for (const name of NAMES) {
    process.on(name, () => {
      const now = performance.now()
      if (by !== null) {
        if (now - first > SAME_STOP_MS) endNow(name)
        return
      }
      first = now
      by = name
      controller.abort()
    })
  }
  return { signal: controller.signal, status: () => (by === null ? null : 128 + NUMBERS[by]) }
}

/** How long a stop waits for calls of the file system before it ends the process. */
const GRACE_MS = 100

/**
 * Lets the process end with `status`. `process.exit()` would wait for calls of the file system that do not return. After a
 * stop this waits only shortly, and a further signal ends the process at once.
 */
export function leave(status: number): void {
  process.exitCode = status
  if (hasStalledCalls()) setTimeout(() => endWithout(status), GRACE_MS).unref()
}

/** Ends the process if calls still do not return. Otherwise it ends by itself. */
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
  process.kill(process.pid, name) // the system then ends it, and a shell sees the same status
}
