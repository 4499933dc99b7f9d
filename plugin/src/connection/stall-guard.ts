import { Http2ServerResponse, type Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { type RawResponse, whenOver } from './response-lifetime.ts'
import { StallSweep, type Sweepable } from './stall-sweep.ts'
import { keyOf } from './unacknowledged-bytes.ts'

/** One timer for all answers with the same limit; none for a limit that no answer under way has. */
const sweeps = new Map<number, StallSweep>()

function sweepFor(timeoutMs: number): StallSweep {
  const known = sweeps.get(timeoutMs)
  if (known !== undefined) return known
  const sweep = new StallSweep(timeoutMs, () => sweeps.delete(timeoutMs))
  sweeps.set(timeoutMs, sweep)
  return sweep
}

/**
 * Reports a client that has taken nothing for this long though bytes are waiting for it. A source that is slow is not
 * the client's fault. The timer is our own: the one of the socket is Fastify's, for `connectionTimeout` and `onTimeout`.
 *
 * @param timeoutMs ms; 0 waits for ever
 * @param onStall called once at most, between `timeoutMs` and 1.5 times `timeoutMs` after the last progress
 */
export function guardAgainstStall(reply: FastifyReply, timeoutMs: number, onStall: () => void): void {
  // `inject` has a stand-in for the socket, behind which nobody stalls.
  if (timeoutMs === 0 || !(reply.request.raw.socket instanceof Duplex)) return
  const sweep = sweepFor(timeoutMs)
  const answer = new GuardedAnswer(reply.raw, onStall)
  sweep.add(answer)
  whenOver(reply, () => sweep.delete(answer))
}

/** An answer, and what was known of its progress at the last look. */
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

  constructor(raw: RawResponse, onStall: () => void) {
    this.#raw = raw
    this.#session = raw instanceof Http2ServerResponse ? raw.stream?.session : undefined
    this.#onStall = onStall
    this.hasProgressed()
  }

  /** An answer that is queued behind another on its connection waits for that one, which has a guard of its own. */
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
   * The connection that the answer waits for. Not that of an HTTP/2 stream whose own window is used up: it may be alive
   * by the bytes of other streams.
   */
  get #blockingSocket(): Socket | undefined {
    if (!(this.#raw instanceof Http2ServerResponse)) return this.#raw.socket ?? undefined
    const socket = this.#session?.socket
    return socket !== undefined && unwrittenBytes(socket) > 0 ? socket : undefined
  }

  onStall(): void {
    const isConnectionStuck = this.#blockingSocket !== undefined
    this.#onStall()
    // A connection of HTTP/1 goes with its answer. A session that takes nothing cannot even tell its client that a stream
    // was cut, and would wait on with all of them: Node 20 does not notice over TLS that the client has gone.
    if (isConnectionStuck) this.#session?.destroy()
  }

  /**
   * Whether the client took something since the last look, or something was written for it. Streams count a write as
   * one; where Node also says how much of it the operating system has not yet taken, that counts too.
   */
  hasProgressed(): boolean {
    const raw = this.#raw
    if (raw instanceof Http2ServerResponse)
      return this.#isNew(0, raw.writableLength, raw.stream?.bufferSize ?? 0)
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

/** What of the current write the operating system has not yet taken: Node's own socket timers look at the same. */
function unwrittenBytes(socket: object): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return 0
  const size: unknown = Reflect.get(handle, 'writeQueueSize')
  return typeof size === 'number' ? size : 0
}
