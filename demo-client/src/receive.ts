// The body of one answer, chunk by chunk, with back-pressure and stall detection.
import type { Answer } from './exchange.ts'

/** What the taker of a chunk says: go on, wait for this, stop: there is all, stop: there is too much. */
export type Taken = 'more' | 'enough' | 'too-much' | Promise<void>

/** How a body ended. */
export type Ending =
  | { readonly kind: 'complete' }
  | { readonly kind: 'enough' }
  | { readonly kind: 'too-much' }
  | { readonly kind: 'cut'; readonly reason: string; readonly cause: Error | null }

/** Reads a body to its end, or until `take` has enough. Never rejects; `stallTimeout` in ms. */
export function receive(
  answer: Answer,
  take: (chunk: Buffer) => Taken,
  stallTimeout: number,
): Promise<Ending> {
  const { body } = answer
  return new Promise((resolve) => {
    let holds = 0
    let isSettled = false
    const settle = (ending: Ending): void => {
      if (isSettled) return
      isSettled = true
      clearTimeout(stall)
      if (ending.kind !== 'complete') body.destroy()
      resolve(ending)
    }
    const stall: NodeJS.Timeout = setTimeout(() => {
      if (holds > 0) stall.refresh()
      else settle({ kind: 'cut', reason: `nothing came for ${stallTimeout / 1000} s`, cause: null })
    }, stallTimeout)
    const hold = (until: Promise<void>): void => {
      if (holds++ === 0) body.pause()
      void until.finally(() => {
        stall.refresh()
        if (--holds === 0 && !isSettled) body.resume()
      })
    }
    body.on('data', (chunk: Buffer) => {
      if (isSettled) return
      stall.refresh()
      const taken = take(chunk)
      if (typeof taken !== 'string') hold(taken)
      else if (taken !== 'more') settle({ kind: taken })
    })
    body.once('end', () => void endOf(answer).then(settle))
    body.once('close', () => {
      if (!body.readableEnded) settle(cut(answer.failure() ?? body.errored))
    })
  })
}

/** The body has come to an end: is it the right one? */
async function endOf(answer: Answer): Promise<Ending> {
  // Without a length only the connection's end tells, and a reset ends the body just the same: the
  // request knows, but not before it is closed.
  if (answer.endsWithConnection) await answer.closed
  const failure = answer.failure()
  return answer.body.complete && failure === null ? { kind: 'complete' } : cut(failure)
}

function cut(cause: Error | null): Ending {
  const detail = cause === null || cause.message === 'aborted' ? '' : ` (${cause.message})`
  return { kind: 'cut', reason: `the connection broke off${detail}`, cause }
}
