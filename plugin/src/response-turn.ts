import { Http2ServerResponse, type Http2Session } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { MAX_ANSWERS_PER_SESSION } from './memory-bounds.ts'
import { type RawResponse, whenOver } from './response-lifetime.ts'

/** The answers of one HTTP/2 session: those under way, and who waits for one of them to end. */
interface SessionTurns {
  running: number
  readonly waiting: Set<() => void>
}

const sessions = new WeakMap<Http2Session, SessionTurns>()

/**
 * Waits until an answer can be sent, or is over. A client may send any number of requests at once and read none of the
 * answers: what is opened and read for a connection is bounded.
 *
 * HTTP/1: the answers of a connection go out one after the other (RFC 9112 §9.3.2), so the one whose turn it is comes.
 * HTTP/2: a few of a session at a time.
 */
export function itsTurn(reply: FastifyReply): Promise<void> | undefined {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse) return itsTurnInSession(reply, raw.stream?.session)
  if (raw.socket !== null) return undefined
  return new Promise((resolve) => {
    raw.once('socket', () => resolve())
    whenOver(reply, resolve)
  })
}

function itsTurnInSession(reply: FastifyReply, session: Http2Session | undefined): Promise<void> | undefined {
  if (session === undefined) return undefined
  let turns = sessions.get(session)
  if (turns === undefined) {
    turns = { running: 0, waiting: new Set() }
    sessions.set(session, turns)
  }
  const { waiting } = turns
  const begin = (): void => {
    turns.running++
    whenOver(reply, () => {
      turns.running--
      // A client that leaves ends all its streams at once: none of them is opened in place of another.
      if (waiting.size > 0) setImmediate(letNextIn)
    })
  }
  const letNextIn = (): void => {
    if (session.destroyed || turns.running >= MAX_ANSWERS_PER_SESSION) return
    const [next] = waiting
    next?.()
  }
  if (turns.running < MAX_ANSWERS_PER_SESSION) {
    begin()
    return undefined
  }
  return new Promise((resolve) => {
    const next = (): void => {
      if (!waiting.delete(next)) return
      begin()
      resolve()
    }
    waiting.add(next)
    whenOver(reply, () => {
      waiting.delete(next)
      resolve()
    })
  })
}
