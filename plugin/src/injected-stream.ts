import { Readable } from 'node:stream'

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
