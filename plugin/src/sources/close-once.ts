import type { FastifyBaseLogger } from 'fastify'
import { asError } from '../foreign-failure.ts'
import { writeLogLine } from '../log-line.ts'

/**
 * Closes a representation at the first call. No answer waits for it or fails because of it, since the bytes do not
 * depend on how a source cleans up. An error is logged.
 */
export function closeOnce(close: () => unknown, log: FastifyBaseLogger): () => void {
  let isClosed = false
  const attempt = async (): Promise<void> => {
    await close()
  }
  return () => {
    if (isClosed) return
    isClosed = true
    attempt().catch((error: unknown) => {
      const message = 'a range source failed to close'
      writeLogLine(log, { level: 'warn', details: { err: asError(error) }, message })
    })
  }
}
