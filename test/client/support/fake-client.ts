// A transport in memory: an `HttpClient` whose server is a function. No socket is opened.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import {
  type Answer,
  type BodyCut,
  type BodyDelimiter,
  type BodyEnd,
  type BodyReceiver,
  type HttpClient,
  PeekFailure,
  type PeekOptions,
  RequestFailure,
} from '#client/http/answer.js'
import type { Target } from '#client/http/target.js'
import type { FieldLines } from '#client/rules/field-lines.js'

/**
 * A piece of a body: bytes, a wait in ms, or how the body ends early. `'cut'`: the connection breaks off. `'stall'`:
 * nothing more comes. `'malformed'`: what comes next is not HTTP.
 */
export type Piece = Buffer | number | 'cut' | 'stall' | 'malformed'

/** An answer to give. */
export interface Reply {
  readonly status: number
  /** By lower-case name. */
  readonly fields?: Readonly<Record<string, string>>
  readonly body?: readonly Piece[]
  readonly trailers?: Readonly<Record<string, string>>
  /** Default: `'announced'`. */
  readonly delimiter?: BodyDelimiter
}

/** A request to the fake. */
export interface FakeRequest {
  /** Its place among all requests, from 0. */
  readonly index: number
  readonly target: Target
  readonly fields: Readonly<Record<string, string>>
  /** The Range asked for; `end` is exclusive, and null if it is open. Null without Range. */
  readonly range: { readonly start: number; readonly end: number | null } | null
}

/** Answers a request. Null: the connection is closed without an answer. */
export type FakeServer = (request: FakeRequest) => Reply | null

/** Sends requests to a function. */
export class FakeClient implements HttpClient {
  readonly requests: FakeRequest[] = []
  isClosed = false
  readonly #server: FakeServer
  readonly #answers: FakeAnswer[] = []

  constructor(server: FakeServer) {
    this.#server = server
  }

  /** How many answers have been neither received to an end nor discarded. */
  get openAnswers(): number {
    return this.#answers.filter(({ isOpen }) => isOpen).length
  }

  async get(target: Target, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    const match = /^bytes=(\d+)-(\d*)$/.exec(fields['range'] ?? '')
    const range =
      match === null ? null : { start: Number(match[1]), end: match[2] ? Number(match[2]) + 1 : null }
    const request = { index: this.requests.length, target, fields, range }
    this.requests.push(request)
    await nextTurn()
    const reply = signal.aborted ? null : this.#server(request)
    if (reply === null) throw new RequestFailure('the connection was closed', 'connection', null)
    const answer = new FakeAnswer(reply, target, signal)
    this.#answers.push(answer)
    return answer
  }

  close(): void {
    this.isClosed = true
  }
}

class FakeAnswer implements Answer {
  readonly status: number
  readonly fields: FieldLines
  readonly target: Target
  readonly proxy = null
  readonly misdirection = null
  readonly delimiter: BodyDelimiter
  readonly #trailers: FieldLines
  readonly #signal: AbortSignal
  #pieces: readonly Piece[]
  #state: 'waiting' | 'complete' | 'dropped' = 'waiting'

  constructor(reply: Reply, target: Target, signal: AbortSignal) {
    this.status = reply.status
    this.fields = linesOf(reply.fields)
    this.target = target
    this.delimiter = reply.delimiter ?? 'announced'
    this.#trailers = linesOf(reply.trailers)
    this.#pieces = reply.body ?? []
    this.#signal = signal
  }

  get isOpen(): boolean {
    return this.#state === 'waiting' && !this.#signal.aborted
  }

  trailers(): FieldLines {
    return this.#state === 'complete' ? this.#trailers : new Map()
  }

  async peek({ isEnough, stallTimeoutMs }: PeekOptions): Promise<Buffer> {
    let bytes = Buffer.alloc(0)
    while (!isEnough(bytes) && (this.#pieces.length > 0 || this.#state === 'dropped')) {
      const next = await this.#next(stallTimeoutMs)
      if (!Buffer.isBuffer(next)) {
        this.#state = 'dropped'
        throw new PeekFailure(next)
      }
      bytes = Buffer.concat([bytes, next])
    }
    this.#pieces = bytes.length > 0 ? [bytes, ...this.#pieces] : this.#pieces
    return bytes
  }

  async receive(receiver: BodyReceiver, stallTimeoutMs: number): Promise<BodyEnd> {
    const end = await this.#deliver(receiver, stallTimeoutMs)
    this.#state = end.kind === 'complete' ? 'complete' : 'dropped'
    return end
  }

  discard(): void {
    if (this.#state === 'waiting') this.#state = 'dropped'
  }

  async #deliver(receiver: BodyReceiver, stallTimeoutMs: number): Promise<BodyEnd> {
    while (this.#pieces.length > 0 || this.#state === 'dropped') {
      const next = await this.#next(stallTimeoutMs)
      if (!Buffer.isBuffer(next)) return { kind: 'cut', ...next }
      for (let rest = next; rest.length > 0; ) {
        const chunk = chunkOf(rest, receiver)
        rest = rest.subarray(chunk.length)
        const demand = receiver.receive(chunk)
        if (typeof demand !== 'string') await demand
        else if (demand !== 'more') return { kind: demand }
        if (this.#signal.aborted) return { kind: 'cut', ...BROKEN_OFF }
      }
    }
    return { kind: 'complete' }
  }

  /** The next bytes of the body. */
  async #next(stallTimeoutMs: number): Promise<Buffer | BodyCut> {
    const [piece, ...others] = this.#pieces
    await nextTurn()
    if (this.#signal.aborted || this.#state === 'dropped' || piece === undefined) return BROKEN_OFF
    if (piece === 'cut') return BROKEN_OFF
    if (piece === 'malformed') return { reason: 'not HTTP', cause: null, isMalformed: true }
    if (piece === 'stall' || (typeof piece === 'number' && piece > stallTimeoutMs)) {
      await this.#sleep(stallTimeoutMs)
      return this.#signal.aborted
        ? BROKEN_OFF
        : { reason: `nothing came for ${stallTimeoutMs / 1000} s`, cause: null, isMalformed: false }
    }
    this.#pieces = others
    if (typeof piece !== 'number') return piece
    await this.#sleep(piece)
    return Buffer.alloc(0)
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => undefined)
  }
}

const BROKEN_OFF: BodyCut = { reason: 'the connection broke off', cause: null, isMalformed: false }

/** The next chunk of `bytes`, in the buffer of the receiver if it has one. */
function chunkOf(bytes: Buffer, { nextBuffer }: BodyReceiver): Buffer {
  if (nextBuffer === null) return bytes.subarray(0, 64 * 1024)
  const buffer = nextBuffer()
  return buffer.subarray(0, bytes.copy(buffer))
}

function linesOf(fields: Readonly<Record<string, string>> = {}): FieldLines {
  return new Map(Object.entries(fields).map(([name, value]) => [name, [value]]))
}
