import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { KeptChunks } from './kept-chunks.ts'

type Method = (...args: unknown[]) => unknown

/** What a wrapper of a write does besides passing it on. */
export interface WrapperOptions {
  /** In ms; without it the write is passed on at once. */
  readonly delay?: number
  readonly kept?: KeptChunks
}

/** Wraps `write` and `end` of all responses, as tracing agents do. */
export function wrapResponses(options: WrapperOptions): void {
  wrap(ServerResponse.prototype, 'write', options)
  wrap(ServerResponse.prototype, 'end', options)
}

/** Wraps `write` of one connection. */
export function wrapSocket(socket: Socket, options: WrapperOptions): void {
  wrap(socket, 'write', options)
}

function wrap(target: object, name: 'write' | 'end', { delay, kept }: WrapperOptions): void {
  const original = Reflect.get(target, name) as Method
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    kept?.keep(args[0])
    if (delay === undefined) return Reflect.apply(original, this, args)
    setTimeout(() => Reflect.apply(original, this, args), delay)
    return name === 'end' ? this : true
  }
  Reflect.set(target, name, wrapped)
}
