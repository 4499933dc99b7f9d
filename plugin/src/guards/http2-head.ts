import type { ServerHttp2Stream } from 'node:http2'
import { replaceMethod } from '../connection/replace-function.ts'
import { linesOf, type ReadableHead } from './answer-head.ts'

type Respond = (headers: unknown, options?: unknown) => void

/**
 * Checks the next head of an HTTP/2 answer when it is passed to the stream, below all wrappers of `writeHead`. The
 * stream sends it at once, and some heads end the answer.
 *
 * @param admits whether the head may go out; if not, it has ended the stream
 */
export function checkNextHead(stream: ServerHttp2Stream, admits: (head: ReadableHead) => boolean): void {
  const respond = stream.respond as Respond
  const guarded: Respond = (headers, options) => {
    replaceMethod(stream, 'respond', respond)
    const fields = (headers ?? {}) as Readonly<Record<string, unknown>>
    const lines = (name: string): readonly string[] => linesOf(fields[name])
    if (admits({ status: Number(fields[':status']), lines })) respond.call(stream, headers, options)
  }
  replaceMethod(stream, 'respond', guarded)
}
