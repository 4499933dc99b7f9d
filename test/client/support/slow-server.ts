import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type HostileServer,
  head,
  part,
  type RawRequest,
  type Resource,
  send,
  startHostile,
  wanted,
} from './hostile-server.ts'

/** A server that sends at a steady pace and counts what it sends. */
export interface SlowServer extends HostileServer {
  /** What it serves; may be replaced at any time. */
  resource: Resource
  /** Answer each request with the whole? Default false. */
  ignoresRanges: boolean
  /** Bytes of content sent so far, to all requests. */
  served: number
  /** Resolves once that many bytes have been sent. */
  hasServed(bytes: number): Promise<void>
}

const PAUSE = 10

/** Starts one that sends `piece` bytes every 10 ms on each connection. */
export async function startSlow(
  resource: Resource,
  piece: number = 32 * 1024,
  port = 0,
): Promise<SlowServer> {
  const waiting = new Set<{ bytes: number; done: () => void }>()
  const server = await startHostile((request, socket) => answer(request, socket), port)
  const slow: SlowServer = Object.assign(server, {
    resource,
    ignoresRanges: false,
    served: 0,
    hasServed: (bytes: number) =>
      new Promise<void>((done) => {
        if (slow.served >= bytes) done()
        else waiting.add({ bytes, done })
      }),
  })
  async function answer(request: RawRequest, socket: Socket): Promise<void> {
    const { content, fields } = slow.resource
    const isValid = (request.headers.get('if-range') ?? fields['etag']) === fields['etag']
    const range = isValid && !slow.ignoresRanges ? wanted(request, content.length) : null
    const { start, end } = range ?? { start: 0, end: content.length }
    socket.write(
      range === null
        ? head('200 OK', { ...fields, 'content-length': end })
        : part(range, content.length, fields),
    )
    for (let at = start; at < end && !socket.destroyed; at += piece) {
      const bytes = content.subarray(at, Math.min(end, at + piece))
      // What the client has not taken is not sent, or a busy machine would count it as sent twice.
      await send(socket, bytes)
      slow.served += bytes.length
      for (const each of waiting) if (slow.served >= each.bytes && waiting.delete(each)) each.done()
      await sleep(PAUSE)
    }
  }
  return slow
}
