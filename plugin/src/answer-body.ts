import { Http2ServerResponse } from 'node:http2'
import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { Body } from './body.ts'
import type { Progress } from './events.ts'
import type { Layout } from './multipart.ts'
import { isNativeResponse } from './native-response.ts'
import { PieceReader } from './piece-reader.ts'
import { type BodyReaders, PositionalBody } from './positional-body.ts'
import { cut, tieToResponse, whenOver } from './response-lifetime.ts'
import { isPositional, type Representation } from './source.ts'
import { StreamedBody } from './streamed-body.ts'

/** What the body of an answer is made of. */
export interface AnswerBodyOptions {
  readonly representation: Representation
  readonly layout: Layout
  readonly readers: BodyReaders
  /** Closes the representation. */
  readonly close: () => Promise<void>
  readonly signal: AbortSignal
  /** Told of the bytes that go out. */
  readonly progress: Progress
}

/** The body of an answer, which ends with it and closes the representation when nothing reads it any more. */
export function answerBody(reply: FastifyReply, options: AnswerBodyOptions): Body {
  const { representation, layout, readers, close, signal, progress } = options
  // The answer itself is the first: a hook may read a body to its end before the response begins to read its own.
  let users = 1
  const release = async (): Promise<void> => {
    users--
    if (users === 0) await close()
  }
  whenOver(reply, release)
  const begin = <B extends Body>(body: B): B => {
    users++
    progress.bytesSent = () => body.bytesSent
    tieToResponse(reply, body)
    body.once('lost', () => cut(reply.raw))
    return body
  }
  cutWhenShort(reply, layout.length)
  if (!isPositional(representation)) return begin(new StreamedBody(representation, layout, release))
  const reader = new PieceReader(representation, layout, signal)
  return begin(new PositionalBody({ reader, close: release, readers, onForResponse: begin }))
}

/**
 * Cuts an HTTP/1 answer that ends with fewer bytes than its Content-Length says: whatever a hook put in the place of the
 * body, the next answer on the connection must not be taken for the rest. Of HTTP/2 the client sees it itself.
 */
function cutWhenShort({ raw, request }: FastifyReply, length: number): void {
  if (raw instanceof Http2ServerResponse || !(request.raw.socket instanceof Socket)) return
  const { socket } = request.raw
  const before = socket.bytesWritten
  raw.once('prefinish', () => {
    // What is wrapped may pass the bytes on later.
    if (raw.socket !== socket || !isNativeResponse(raw)) return
    if (Number(raw.getHeader('content-length')) !== length) return
    if (raw.statusCode !== 200 && raw.statusCode !== 206) return
    const head: unknown = Reflect.get(raw, '_header')
    const headLength = typeof head === 'string' ? head.length : 0
    if (socket.bytesWritten - before < headLength + length) socket.destroy()
  })
}
