import { Http2ServerResponse, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { ANSWERS_PER_SESSION, OPENS_PER_SESSION } from '../memory-bounds.ts'
import { bytesWrittenTo } from './http2-end.ts'
import { type RawResponse, whenOver } from './response-lifetime.ts'
import { type Turn, TurnQueue } from './turn-queue.ts'

/**
 * When an answer may be opened, and when its body may be sent. A client may send any number of requests at once and read
 * none of the answers: what is opened and read for a connection is bounded.
 *
 * HTTP/1: the answers of a connection go out one after the other (RFC 9112 §9.3.2), so the one whose turn it is comes.
 * HTTP/2: a few of a session at a time. Only those with a body wait for each other, and nothing is open meanwhile.
 */
export interface ResponseTurn {
  /** Waits until something may be opened for the answer, or it is over. */
  toOpen(): Promise<void> | undefined
  /** Notes that what was opened is closed, or has become the body that is sent. */
  endOpening(): void
  /** Takes the turn to send a body where it is free. Where it is not, what was opened is to be closed. */
  tryToSend(): boolean
  /** Waits until the body can be sent, or the answer is over. The turn lasts as long as the answer. */
  toSend(): Promise<void>
}

const ALWAYS_ITS_TURN: ResponseTurn = {
  toOpen: () => undefined,
  endOpening() {},
  tryToSend: () => true,
  toSend: () => Promise.resolve(),
}

/** The turn of an answer; the same one for each call on a reply. */
export function turnOf(reply: FastifyReply): ResponseTurn {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse)
    return raw.stream === undefined ? ALWAYS_ITS_TURN : streamTurn(reply, raw.stream)
  if (raw.socket !== null) return ALWAYS_ITS_TURN
  return { ...ALWAYS_ITS_TURN, toOpen: () => whenSocketAssigned(reply) }
}

/** Node gives a response its socket when those before it have gone out. */
function whenSocketAssigned(reply: FastifyReply): Promise<void> {
  return new Promise((resolve) => {
    reply.raw.once('socket', () => resolve())
    whenOver(reply, resolve)
  })
}

interface SessionQueues {
  readonly opening: TurnQueue
  readonly sending: TurnQueue
}

const sessions = new WeakMap<Http2Session, SessionQueues>()
const streams = new WeakMap<ServerHttp2Stream, StreamTurn>()

function streamTurn(reply: FastifyReply, stream: ServerHttp2Stream): ResponseTurn {
  const known = streams.get(stream)
  if (known !== undefined) return known
  const { session } = stream
  if (session === undefined) return ALWAYS_ITS_TURN
  let queues = sessions.get(session)
  if (queues === undefined) {
    queues = { opening: new TurnQueue(OPENS_PER_SESSION), sending: new TurnQueue(ANSWERS_PER_SESSION) }
    sessions.set(session, queues)
  }
  const turn = new StreamTurn(stream, queues)
  streams.set(stream, turn)
  whenOver(reply, () => turn.end())
  return turn
}

class StreamTurn implements ResponseTurn {
  readonly #queues: SessionQueues
  readonly #opening: Turn = { progress: () => 'opening' }
  readonly #sending: Turn
  #state: 'waiting' | 'sending' | 'over' = 'waiting'

  constructor(stream: ServerHttp2Stream, queues: SessionQueues) {
    this.#queues = queues
    this.#sending = { progress: () => bytesWrittenTo(stream) }
  }

  async toOpen(): Promise<void> {
    if (this.#state !== 'over') await this.#queues.opening.take(this.#opening)
  }

  endOpening(): void {
    this.#queues.opening.giveBack(this.#opening)
  }

  tryToSend(): boolean {
    if (this.#state === 'waiting' && this.#queues.sending.tryTake(this.#sending)) this.#state = 'sending'
    return this.#state !== 'waiting'
  }

  async toSend(): Promise<void> {
    if (this.#state !== 'waiting') return
    await this.#queues.sending.take(this.#sending)
    if (this.#state === 'waiting') this.#state = 'sending'
  }

  end(): void {
    this.#state = 'over'
    // What is being opened is still to be closed: that turn ends when it is.
    this.#queues.opening.giveUp(this.#opening)
    this.#queues.sending.giveUp(this.#sending)
    this.#queues.sending.giveBack(this.#sending)
  }
}
