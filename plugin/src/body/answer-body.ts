import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { cut, isOver, type RawResponse, tieToResponse, whenOver } from '../connection/response-lifetime.ts'
import { watchReplacement } from '../guards/replacement.ts'
import { writeLogLine } from '../log-line.ts'
import { HTTP2_FIRST_BYTES, SMALL_CHUNK_BYTES } from '../memory-bounds.ts'
import type { Layout } from '../rules/multipart.ts'
import { closeOnce } from '../sources/close-once.ts'
import { ReadOpenings } from '../sources/reopened-reads.ts'
import { isPositional, type Representation } from '../sources/source.ts'
import type { Body, BodyReaders } from './body.ts'
import { PieceReader } from './piece-reader.ts'
import { PositionalBody } from './positional-body.ts'
import { StreamedBody } from './streamed-body.ts'

/** The progress of a body while it is sent. */
export interface BodyProgress {
  /** Bytes of the body that were handed to the operating system. */
  bytesSent(outcome: 'served' | 'aborted'): number
}

/** What the body of an answer is made of. */
export interface AnswerBodyOptions {
  readonly representation: Representation
  readonly layout: Layout
  readonly readers: BodyReaders
  /** Closes the representation. */
  readonly close: () => Promise<void>
  /** Opens the same representation again; undefined if it is no longer there. */
  readonly reopen: () => Promise<Representation | undefined>
  readonly signal: AbortSignal
  /** Gets a count of the bytes that go out. */
  readonly progress: BodyProgress
}

/** The body of an answer. It ends with the answer, and closes the representation when nothing reads it any more. */
export function answerBody(reply: FastifyReply, options: AnswerBodyOptions): Body {
  const { representation, layout, readers, close, reopen, signal, progress } = options
  // The answer itself is the first user: a hook may read a body to its end before the response begins to read its own.
  let users = 1
  const release = async (): Promise<void> => {
    users--
    if (users === 0) await close()
  }
  whenOver(reply, release)
  const replacement = readers === 'anybody' ? watchReplacement(reply) : undefined
  const begin = <B extends Body>(body: B): B => {
    users++
    progress.bytesSent = () => body.bytesSent
    tieToResponse(reply, body)
    body.whenFailed((error) => {
      if (body.isPipedElsewhere) replacement?.fail(error)
    })
    body.whenAborted((message) => {
      if (message !== undefined && !isOver(reply))
        writeLogLine(reply.log, { level: 'warn', details: {}, message })
      cut(reply.raw)
    })
    return body
  }
  if (!isPositional(representation)) {
    const openings = new ReadOpenings(representation, {
      open: reopen,
      close: (opened) => closeOnce(() => opened.close(), reply.log)(),
    })
    return begin(new StreamedBody({ openings, layout, close: release, readers, onForResponse: begin }))
  }
  const reader = new PieceReader(representation, layout, signal)
  const raw: RawResponse = reply.raw
  const firstChunkBytes = raw instanceof Http2ServerResponse ? HTTP2_FIRST_BYTES : SMALL_CHUNK_BYTES
  return begin(new PositionalBody({ reader, close: release, readers, firstChunkBytes, onForResponse: begin }))
}
