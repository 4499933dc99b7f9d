import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  answerHonestly,
  type HostileServer,
  head,
  part,
  type RawRequest,
  type Resource,
  resource,
  send,
  startHostile,
  wanted,
} from './hostile-server.ts'

/** A server with many files. */
export interface FileServer extends HostileServer {
  /** Bytes of content that were sent. */
  served: number
  /** Resolves once that many bytes have been sent. */
  hasServed(bytes: number): Promise<void>
}

/** Longer files are sent in pieces of this size, one every 10 ms. */
const PIECE_BYTES = 8 * 1024
const PAUSE_MS = 10

/**
 * Starts a server with files by their paths. Other paths are answered 404.
 * @param delayMs before the answer with a short file
 */
export async function startFiles(files: ReadonlyMap<string, Buffer>, delayMs = 0): Promise<FileServer> {
  const waiting = new Set<{ bytes: number; done: () => void }>()
  const count = (bytes: number): void => {
    server.served += bytes
    for (const each of waiting)
      if (server.served >= each.bytes) {
        waiting.delete(each)
        each.done()
      }
  }
  const hostile = await startHostile(async (request, socket) => {
    const content = files.get(request.path)
    if (content === undefined) socket.write(head('404 Not Found', { 'content-length': 0 }))
    else if (content.length > PIECE_BYTES) await sendSlowly(resource(content), { request, socket, count })
    else {
      if (delayMs > 0) await sleep(delayMs)
      answerHonestly(resource(content), request, socket)
      count(content.length)
    }
  })
  const server: FileServer = Object.assign(hostile, {
    served: 0,
    hasServed: (bytes: number) =>
      new Promise<void>((done) => {
        if (server.served >= bytes) done()
        else waiting.add({ bytes, done })
      }),
  })
  return server
}

interface SlowAnswer {
  readonly request: RawRequest
  readonly socket: Socket
  readonly count: (bytes: number) => void
}

async function sendSlowly(
  { content, fields }: Resource,
  { request, socket, count }: SlowAnswer,
): Promise<void> {
  const isValid = (request.headers.get('if-range') ?? fields['etag']) === fields['etag']
  const range = isValid ? wanted(request, content.length) : null
  const { start, end } = range ?? { start: 0, end: content.length }
  const whole = head('200 OK', { ...fields, 'content-length': end })
  socket.write(range === null ? whole : part(range, content.length, fields))
  for (let at = start; at < end && !socket.destroyed; at += PIECE_BYTES) {
    const bytes = content.subarray(at, Math.min(end, at + PIECE_BYTES))
    await send(socket, bytes)
    count(bytes.length)
    await sleep(PAUSE_MS)
  }
}
