import { Http2ServerResponse, type Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { type RawResponse, whenOver } from './response-lifetime.ts'
import { StallSweep, type Sweepable } from './stall-sweep.ts'
import { keyOf } from './unacknowledged-bytes.ts'

/** One timer for all answers with the same timeout. */
const sweeps = new Map<number, StallSweep>()

function sweepFor(timeoutMs: number): StallSweep {
  const known = sweeps.get(timeoutMs)
  if (known !== undefined) return known
  const sweep = new StallSweep(timeoutMs, () => sweeps.delete(timeoutMs))
  sweeps.set(timeoutMs, sweep)
  return sweep
}

/**
 * Reports a client that takes nothing for this time although bytes are waiting for it. Time in which a slow source has
 * nothing to send does not count. The timer of the socket is not used: it is Fastify's, for `connectionTimeout` and
 * `onTimeout`.
 *
 * @param timeoutMs 0: never
 * @param onStall called once at most, between `timeoutMs` and 1.5 times `timeoutMs` after the last progress
 */
export function guardAgainstStall(reply: FastifyReply, timeoutMs: number, onStall: () => void): void {
  // `inject` has an object in the place of a socket, and its reader does not stall.
  if (timeoutMs === 0 || !(reply.request.raw.socket instanceof Duplex)) return
  const sweep = sweepFor(timeoutMs)
  const answer = new GuardedAnswer(reply.raw, onStall)
  const link = sweep.add(answer)
  whenOver(reply, () => sweep.remove(link))
}

/** An answer, and its progress at the last check. */
class GuardedAnswer implements Sweepable {
  checksWithoutProgress = 0
  unacknowledged = -1
  readonly #raw: RawResponse
  readonly #session: Http2Session | undefined
  readonly #onStall: () => void
  #key: string | undefined
  #written = 0
  #queued = 0
  #unwritten = 0
  /** How often an HTTP/2 stream has taken all that was written into it. */
  #drains = 0

  constructor(raw: RawResponse, onStall: () => void) {
    this.#raw = raw
    this.#onStall = onStall
    if (raw instanceof Http2ServerResponse) {
      this.#session = raw.stream?.session
      raw.stream?.on('drain', () => this.#drains++)
    }
    this.hasProgressed()
  }

  /** False for an answer that is queued behind another on its connection. The other has a guard of its own. */
  get isWaiting(): boolean {
    return this.#raw.socket !== null && this.#raw.writableLength > 0
  }

  get connectionKey(): string {
    const socket = this.#blockingSocket
    if (socket === undefined) return ''
    this.#key ??= keyOf(socket)
    return this.#key
  }

  /**
   * The connection that the answer waits for. Undefined for an HTTP/2 stream whose own window is used up: the
   * connection may make progress with the bytes of other streams.
   */
  get #blockingSocket(): Socket | undefined {
    if (!(this.#raw instanceof Http2ServerResponse)) return this.#raw.socket ?? undefined
    const socket = this.#session?.socket
    return socket !== undefined && unwrittenBytes(socket) > 0 ? socket : undefined
  }

  onStall(): void {
    const isConnectionStuck = this.#blockingSocket !== undefined
    this.#onStall()
    // A connection of HTTP/1 ends with its answer. A session that takes nothing cannot send the reset of a stream
    // either, and would keep all of its streams: Node 20 does not notice over TLS that the client has left.
    if (isConnectionStuck) this.#session?.destroy()
  }

  /**
   * Whether the client took something since the last check, or something was written for it. Streams count a write as
   * one. If Node also knows how much of it the operating system has not yet taken, that counts too.
   */
  hasProgressed(): boolean {
    const raw = this.#raw
    // Chunks of one length leave the same lengths at each check, however many were taken in between.
    if (raw instanceof Http2ServerResponse)
      return this.#isNew(this.#drains, raw.writableLength, raw.stream?.bufferSize ?? 0)
    const { socket } = raw
    if (socket === null) return false
    return this.#isNew(socket.bytesWritten, socket.writableLength, unwrittenBytes(socket))
  }

  #isNew(written: number, queued: number, unwritten: number): boolean {
    const isNew = written !== this.#written || queued !== this.#queued || unwritten !== this.#unwritten
    this.#written = written
    this.#queued = queued
    this.#unwritten = unwritten
    return isNew
  }
}

/**
 * Bytes of the current write that the operating system has not yet taken. Node's own socket timers use the same number.
 */
function unwrittenBytes(socket: object): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return 0
  const size: unknown = Reflect.get(handle, 'writeQueueSize')
  return typeof size === 'number' ? size : 0
}
