import type { ServerResponse } from 'node:http'
import { Duplex, Readable } from 'node:stream'
import { replaceMethod } from './replace-method.ts'

/**
 * Ends the response of `inject({ payloadAsStream: true })` when the reader of its stream leaves. A socket would say so;
 * light-my-request, which stands in for it, tells its response nothing: no public part of it leads to the stream.
 */
export function endWithInjectedStream(raw: { destroy(): unknown }): void {
  const state: unknown = Reflect.get(raw, '_lightMyRequest')
  const stream: unknown =
    typeof state === 'object' && state !== null ? Reflect.get(state, 'stream') : undefined
  // A response that has ended before is left as it is.
  if (stream instanceof Readable) stream.once('close', () => raw.destroy())
}

/**
 * Makes the promise of `inject` reject, or the stream that it has given end with an error, as a connection that is cut
 * would. light-my-request takes what is ended for a whole answer, also where it was destroyed before: only `finish`
 * tells it so, and must not come any more.
 *
 * @returns false where a response is not one of `inject`
 */
export function cutInjected(raw: ServerResponse): boolean {
  // The socket of `inject` is a stand-in.
  if (raw.req.socket instanceof Duplex) return false
  const emit = raw.emit
  const emitUnfinished = (event: string, ...given: unknown[]): boolean =>
    event !== 'finish' && Reflect.apply(emit, raw, [event, ...given])
  replaceMethod(raw, 'emit', emitUnfinished)
  raw.destroy()
  return true
}
