import type { ServerResponse } from 'node:http'
import { Duplex, Readable } from 'node:stream'
import { replaceMethod } from './replace-function.ts'

/**
 * Ends the response of `inject({ payloadAsStream: true })` when the reader of its stream leaves. A socket would report
 * this. light-my-request, which replaces the socket, does not, and has no public property that leads to the stream.
 */
export function endWithInjectedStream(raw: { destroy(): unknown }): void {
  const state: unknown = Reflect.get(raw, '_lightMyRequest')
  const stream: unknown =
    typeof state === 'object' && state !== null ? Reflect.get(state, 'stream') : undefined
  // A response that has ended before is left as it is.
  if (stream instanceof Readable) stream.once('close', () => raw.destroy())
}

/**
 * Makes the promise of `inject` reject, or its stream end with an error, as if a connection was cut. light-my-request
 * takes an answer for complete when its response emits `finish`, also after it was destroyed. So `finish` is not
 * emitted any more.
 *
 * @returns false if the response is not one of `inject`
 */
export function cutInjected(raw: ServerResponse): boolean {
  // `inject` has an object in the place of a socket.
  if (raw.req.socket instanceof Duplex) return false
  const emit = raw.emit
  const emitUnfinished = (event: string, ...given: unknown[]): boolean =>
    event !== 'finish' && Reflect.apply(emit, raw, [event, ...given])
  replaceMethod(raw, 'emit', emitUnfinished)
  raw.destroy()
  return true
}
