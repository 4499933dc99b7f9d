// The body of one answer, chunk by chunk, with back-pressure and stall detection.
import type { Wire } from '../connect/wire.ts'
import { digits, single } from '../rules/field-lines.ts'
import { isAfterEnd } from './close-delimited.ts'
import type { Answer } from './node-client.ts'

/** What the taker of a chunk says: go on, wait for this, stop: there is all, stop: there is too much. */
export type Taken = 'more' | 'enough' | 'too-much' | Promise<void>

/** How a body ended. */
export type Ending =
  | { readonly kind: 'complete' }
  | { readonly kind: 'enough' }
  | { readonly kind: 'too-much' }
  | { readonly kind: 'cut'; readonly reason: string; readonly cause: Error | null }

/** Whoever wants the bytes. */
export interface Taker {
  /** Where the next bytes had best be put; null: it wants them in small pieces. */
  readonly room: (() => Buffer) | null
  /** Takes bytes, from the room or from elsewhere. */
  take(chunk: Buffer): Taken
}

/** From this length on, in bytes, a body is worth the connection that leading it past node:http costs. */
const LONG = 16 * 1024 * 1024

/** Reads a body to its end, or until the taker has enough. Never rejects; `stallTimeout` in ms. */
export function readBody(answer: Answer, taker: Taker, stallTimeout: number): Promise<Ending> {
  return new Promise((resolve) => {
    new Receiver(answer, taker, resolve).start(stallTimeout)
  })
}

class Receiver {
  readonly #answer: Answer
  readonly #taker: Taker
  readonly #resolve: (ending: Ending) => void
  /** Where the body is taken from, if not from node:http, and where it is put. */
  readonly #direct: { readonly wire: Wire; readonly room: () => Buffer } | null
  #holds = 0
  #isSettled = false
  #stall: NodeJS.Timeout | undefined

  constructor(answer: Answer, taker: Taker, resolve: (ending: Ending) => void) {
    this.#answer = answer
    this.#taker = taker
    this.#resolve = resolve
    const { wire, fields } = answer
    const { room } = taker
    const isLong = lengthOf(answer) >= LONG && !fields.has('transfer-encoding')
    this.#direct = isLong && wire !== null && room !== null ? { wire, room } : null
  }

  start(stallTimeout: number): void {
    const { body } = this.#answer
    this.#stall = setTimeout(() => {
      if (this.#holds > 0) this.#stall?.refresh()
      else this.#settle({ kind: 'cut', reason: `nothing came for ${stallTimeout / 1000} s`, cause: null })
    }, stallTimeout)
    body.once('close', () => this.#close())
    if (body.destroyed) {
      this.#close() // while the answer was judged, and the part file made ready
    } else if (this.#direct === null) {
      body.on('data', (chunk) => this.#take(chunk))
      body.once('end', () => void endOf(this.#answer).then((ending) => this.#settle(ending)))
    } else {
      const { wire, room } = this.#direct
      wire.divert(body, lengthOf(this.#answer), {
        room,
        take: (chunk) => this.#take(chunk),
        end: () => this.#settle({ kind: 'complete' }),
      })
      if (this.#holds === 0) wire.resume()
    }
  }

  get #flow(): Pick<Wire, 'pause' | 'resume'> {
    return this.#direct?.wire ?? this.#answer.body
  }

  #close(): void {
    const { body } = this.#answer
    if (!body.readableEnded) this.#settle(cut(this.#answer.failure() ?? body.errored))
  }

  #take(chunk: Buffer): void {
    if (this.#isSettled) return
    this.#stall?.refresh()
    const taken = this.#taker.take(chunk)
    if (typeof taken !== 'string') this.#hold(taken)
    else if (taken !== 'more') this.#settle({ kind: taken })
  }

  #hold(until: Promise<void>): void {
    if (this.#holds++ === 0) this.#flow.pause()
    void until.finally(() => {
      this.#stall?.refresh()
      if (--this.#holds === 0 && !this.#isSettled) this.#flow.resume()
    })
  }

  #settle(ending: Ending): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearTimeout(this.#stall)
    // A connection that node:http has not read to the end of the body cannot be used again.
    if (ending.kind !== 'complete' || this.#direct !== null) this.#answer.body.destroy()
    this.#resolve(ending)
  }
}

/** The length in the answer's head, in bytes; 0 where none is announced. */
function lengthOf({ fields }: Answer): number {
  return digits(single(fields, 'content-length')) ?? 0
}

/** The body has come to an end: is it the right one? */
async function endOf(answer: Answer): Promise<Ending> {
  // Without a length only the connection's end tells, and a reset ends the body just the same: the
  // request knows, but not before it is closed.
  if (answer.endsWithConnection) await answer.closed
  const failure = answer.failure()
  const isWhole = failure === null || (answer.endsWithConnection && isAfterEnd(failure))
  return answer.body.complete && isWhole ? { kind: 'complete' } : cut(failure)
}

function cut(cause: Error | null): Ending {
  return { kind: 'cut', reason: breakOff(cause), cause }
}

/** That a connection broke off, and why. */
export function breakOff(cause: Error | null): string {
  const detail = cause === null || cause.message === 'aborted' ? '' : ` (${cause.message})`
  return `the connection broke off${detail}`
}
