// What the system has run out of: descriptors, memory or buffers. The file and the server are not to blame. Pure.
import { isError } from './is-error.ts'

/** A resource that has run out. */
export interface Shortage {
  /** The system's code. */
  readonly code: 'EMFILE' | 'ENFILE' | 'ENOMEM' | 'ENOBUFS'
  /** What happened, as a clause. */
  readonly reason: string
  /** What to do, as a sentence. */
  readonly advice: string
}

const CLOSE = 'Close other programs and run again'

const SHORTAGES: readonly Shortage[] = [
  {
    code: 'EMFILE',
    reason: 'this process has no file descriptor left',
    advice: 'Raise its limit (ulimit -n) and run again',
  },
  {
    code: 'ENFILE',
    reason: 'the system has no file descriptor left',
    advice: `${CLOSE}, or raise the limit of the system (on Linux fs.file-max)`,
  },
  { code: 'ENOMEM', reason: 'the system has no memory left', advice: CLOSE },
  { code: 'ENOBUFS', reason: 'the system has no buffer left', advice: CLOSE },
]

/** The resource that has run out, by an error or its causes. Null for any other error. */
export function shortageOf(error: unknown): Shortage | null {
  for (let at = error; isError(at); at = at.cause) {
    const code = 'code' in at ? at.code : null
    const found = SHORTAGES.find((shortage) => shortage.code === code)
    if (found !== undefined) return found
  }
  return null
}

/** `reason (CODE)` */
export function inWords({ reason, code }: Shortage): string {
  return `${reason} (${code})`
}
