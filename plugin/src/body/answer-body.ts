import type { FastifyReply } from 'fastify'
import { cut, isOver, tieToResponse, whenOver } from '../connection/response-lifetime.ts'
import { watchReplacement } from '../guards/replacement.ts'
import { writeLogLine } from '../log-line.ts'
import type { Body, BodyReaders } from './body.ts'
import type { BegunBody } from './read-ahead.ts'

/** The progress of a body while it is sent. */
export interface BodyProgress {
  /** Bytes of the body that were handed to the operating system. */
  bytesSent(outcome: 'served' | 'aborted'): number
}

/** What the body of an answer is made of. */
export interface AnswerBodyOptions {
  /** Its first bytes, and how to read the others. */
  readonly begun: BegunBody
  readonly readers: BodyReaders
  /** Closes the representation. */
  readonly close: () => void
  /** Gets a count of the bytes that go out. */
  readonly progress: BodyProgress
}

/** The body of an answer. It ends with the answer, and closes the representation when nothing reads it any more. */
export function answerBody(reply: FastifyReply, options: AnswerBodyOptions): Body {
  const { begun, readers, close, progress } = options
  // The answer itself is the first user: a hook may read a body to its end before the response begins to read its own.
  let users = 1
  const release = (): void => {
    users--
    if (users === 0) close()
  }
  whenOver(reply, async () => {
    await begun.discard()
    release()
  })
  const replacement = readers === 'anybody' ? watchReplacement(reply) : undefined
  const begin = (body: Body): Body => {
    users++
    progress.bytesSent = () => body.bytesSent
    tieToResponse(reply, body)
    body.belongTo(() => isOver(reply))
    body.whenFailed((error) => {
      if (body.isPipedElsewhere) replacement?.fail(error)
    })
    body.whenAborted((message, details = {}) => {
      if (message !== undefined && !isOver(reply))
        writeLogLine(reply.log, { level: 'warn', details, message })
      cut(reply.raw)
    })
    return body
  }
  return begin(begun.make({ close: release, readers, onForResponse: begin }))
}
