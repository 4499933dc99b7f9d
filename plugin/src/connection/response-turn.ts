import { Http2ServerResponse, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { ANSWERS_PER_SESSION, OPENS_PER_SESSION } from '../memory-bounds.ts'
import { bytesWrittenTo } from './http2-end.ts'
import { type RawResponse, whenOver } from './response-lifetime.ts'
import { type Turn, TurnQueue } from './turn-queue.ts'

/**
 * When a file may be opened for an answer, and when its body may be sent. A client may send any number of requests at
 * once and read none of the answers, so the number of open files and of bodies in memory is bounded for each
 * connection.
 *
 * HTTP/1: the answers of a connection go out one after the other (RFC 9112 §9.3.2), so only the first one has a turn.
 * HTTP/2: a few answers of a session have a turn at a time. Only those with a body wait for each other, and nothing is
 * open while they wait.
 */
export interface ResponseTurn {
  /** Waits until a file may be opened for the answer, or the answer is over. */
  toOpen(): Promise<void> | undefined
  /** Call this when the file is closed, or has become the body that is sent. */
  endOpening(): void
  /** Takes a turn to send a body if one is free. If not, close the file and call {@link toSend}. */
  tryToSend(): boolean
  /** Waits until the body may be sent, or the answer is over. The turn lasts as long as the answer. */
  toSend(): Promise<void>
}

const ALWAYS_ITS_TURN: ResponseTurn = {
  toOpen: () => undefined,
  endOpening() {},
  tryToSend: () => true,
  toSend: () => Promise.resolve(),
}

/** The turn of an answer; the same object for each call on a reply. */
export function turnOf(reply: FastifyReply): ResponseTurn {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse)
    return raw.stream === undefined ? ALWAYS_ITS_TURN : streamTurn(reply, raw.stream)
  if (raw.socket !== null) return ALWAYS_ITS_TURN
  return { ...ALWAYS_ITS_TURN, toOpen: () => whenSocketAssigned(reply) }
}

/** Node assigns the socket to a response when those before it were sent. */
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
    // A file that is being opened must still be closed: that turn ends then.
    this.#queues.opening.giveUp(this.#opening)
    this.#queues.sending.giveUp(this.#sending)
    this.#queues.sending.giveBack(this.#sending)
  }
}
