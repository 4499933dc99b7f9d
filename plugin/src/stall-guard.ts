import { Http2ServerResponse } from 'node:http2'
import { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { type RawResponse, whenOver } from './response-lifetime.ts'
import { StallSweep, type Sweepable } from './stall-sweep.ts'
import { keyOf } from './unacknowledged-bytes.ts'

/** One timer for all answers with the same limit, however many there are. */
const sweeps = new Map<number, StallSweep>()

function sweepFor(timeout: number): StallSweep {
  const known = sweeps.get(timeout)
  if (known !== undefined) return known
  const sweep = new StallSweep(timeout)
  sweeps.set(timeout, sweep)
  return sweep
}

/**
 * Reports a client that has taken nothing for this long though bytes are waiting for it. A source that is slow is not
 * the client's fault. The timer is our own: the one of the socket is Fastify's, for `connectionTimeout` and `onTimeout`.
 *
 * @param timeout ms; 0 waits for ever
 * @param onStall called once at most, between `timeout` and 1.5 times `timeout` after the last progress
 */
export function guardAgainstStall(reply: FastifyReply, timeout: number, onStall: () => void): void {
  // `inject` has a stand-in for the socket, behind which nobody stalls.
  if (timeout === 0 || !(reply.request.raw.socket instanceof Duplex)) return
  const sweep = sweepFor(timeout)
  const answer = new GuardedAnswer(reply.raw, onStall)
  sweep.add(answer)
  whenOver(reply, () => sweep.delete(answer))
}

/** An answer, and what was known of its progress at the last look. */
class GuardedAnswer implements Sweepable {
  readonly onStall: () => void
  looksWithoutProgress = 0
  unacknowledged = -1
  readonly #raw: RawResponse
  #key: string | undefined
  #written = 0
  #queued = 0
  #unwritten = 0

  constructor(raw: RawResponse, onStall: () => void) {
    this.#raw = raw
    this.onStall = onStall
    this.hasProgressed()
  }

  /** An answer that is queued behind another on its connection waits for that one, which has a guard of its own. */
  get isWaiting(): boolean {
    return this.#raw.socket !== null && this.#raw.writableLength > 0
  }

  /**
   * A connection may be alive by another stream's bytes, so a stream of HTTP/2 counts by what leaves its window only.
   */
  get connectionKey(): string {
    if (this.#raw instanceof Http2ServerResponse) return ''
    this.#key ??= keyOf(this.#raw.socket ?? {})
    return this.#key
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
