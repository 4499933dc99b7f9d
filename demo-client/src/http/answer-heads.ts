// Rewrites the heads of answers into the strict form that the parser of node:http reads.
import type { Duplex } from 'node:stream'
import { ChunkSizes } from '../rules/chunk-sizes.ts'
import { repairField, repairStatusLine } from '../rules/header-line-repair.ts'

/** A longer head goes to the parser unchanged. The parser refuses it. */
export const MAX_HEAD_BYTES: number = 128 * 1024

const HEAD_START = Buffer.from('HTTP/')
const CHUNKED = /\r\ntransfer-encoding:[\t ]*chunked[\t ]*\r\n/i
/** RFC 9112 §6.3: these answers end with their heads, "regardless of the header fields present in the message". */
const BODILESS = /^HTTP\/1\.\d (?:1\d\d|204|304) /
/** A head in its strict form. */
export interface NormalHead {
  readonly head: string
  /** Bytes of the head as it came. */
  readonly length: number
}

/**
 * RFC 9112 allows a recipient to read heads that it forbids a sender to write. §2.2: "a recipient MAY recognize a single LF as
 * a line terminator and ignore any preceding CR." §5.2: "A user agent that receives an obs-fold in a response message […]
 * MUST replace each received obs-fold with one or more SP octets prior to interpreting the field value." Only the form of
 * the lines is changed. The parser reads their values, lengths above all, in its strict mode. `repairField` leaves out lines
 * that the parser would refuse and that decide nothing.
 *
 * Returns null if the end of the head has not arrived. All text is Latin-1, so a character is a byte.
 */
export function normalHead(text: string): NormalHead | 'refused' | null {
  const end = /\r?\n\r?\n/.exec(text)
  if (end === null) return null
  const length = end.index + end[0].length
  const [status = '', ...lines] = text.slice(0, end.index).split(/\r?\n/)
  const fields: string[] = []
  for (const line of lines) {
    const last = fields.length - 1
    // A folded line before the first field continues nothing (§2.2), and is refused.
    if (/^[ \t]/.test(line) && last >= 0) fields[last] = unfolded(fields[last] ?? '', line)
    else fields.push(line)
  }
  const repaired: string[] = []
  for (const each of [repairStatusLine(status), ...fields.map(repairField)]) {
    if (each === 'refused') return each
    if (each !== 'ignored') repaired.push(each.line)
  }
  return { head: [...repaired, '', ''].join('\r\n'), length }
}

/** Removes blanks and tabs only. Other characters that trim() removes are bytes of a value. */
function unfolded(line: string, fold: string): string {
  return `${line.replace(/[\t ]+$/, '')} ${fold.replace(/^[\t ]+|[\t ]+$/g, '')}`
}

/** Rewrites the heads on one connection. Bodies are not changed, except that blanks after chunk sizes are removed. */
class AnswerHeads {
  readonly #push: (chunk: Buffer | null) => boolean
  /** Ends the connection. */
  readonly #refuse: () => void
  /** The bytes of a head that is not complete, or null within a body. */
  #pendingHead: Buffer | null = null
  /** The chunk sizes of the current body, or null if it is not chunked. */
  #chunks: ChunkSizes | null = null

  constructor(push: (chunk: Buffer | null) => boolean, refuse: () => void) {
    this.#push = push
    this.#refuse = refuse
  }

  /** The next byte is the first byte of a head. */
  expect(): void {
    this.#pendingHead ??= Buffer.alloc(0)
  }

  push(chunk: Buffer | null): boolean {
    if (this.#pendingHead === null) return this.#pushBody(chunk)
    if (chunk === null) return this.#passPendingHead() && this.#push(null)
    this.#pendingHead = Buffer.concat([this.#pendingHead, chunk])
    const compared = Math.min(HEAD_START.length, this.#pendingHead.length)
    const isHead = this.#pendingHead.subarray(0, compared).equals(HEAD_START.subarray(0, compared))
    const normal = isHead ? normalHead(this.#pendingHead.toString('latin1')) : null
    if (normal === null)
      return isHead && this.#pendingHead.length <= MAX_HEAD_BYTES ? true : this.#passPendingHead()
    if (normal === 'refused') {
      this.#refuse()
      return false
    }
    const afterHead = this.#pendingHead.subarray(normal.length)
    // RFC 9110 §15.2: another head follows an interim answer (1xx).
    const isInterim = /^HTTP\/1\.\d 1(?!01)/.test(normal.head)
    this.#pendingHead = isInterim ? Buffer.alloc(0) : null
    this.#chunks = CHUNKED.test(normal.head) && !BODILESS.test(normal.head) ? new ChunkSizes() : null
    const canPushMore = this.#push(Buffer.from(normal.head, 'latin1'))
    return afterHead.length > 0 ? this.push(afterHead) : canPushMore
  }

  #pushBody(chunk: Buffer | null): boolean {
    const bytes = (chunk === null ? this.#chunks?.remainder() : this.#chunks?.read(chunk)) ?? chunk
    const canPushMore = bytes === null || bytes.length === 0 || this.#push(bytes)
    return chunk === null ? this.#push(null) : canPushMore
  }

  #passPendingHead(): boolean {
    const pending = this.#pendingHead
    this.#pendingHead = null
    this.#chunks = null
    return pending === null || pending.length === 0 ? true : this.#push(pending)
  }
}

const readers = new WeakMap<Duplex, AnswerHeads>()

/** Call it before a request is written to `socket`. The next bytes are then the head of its answer. */
export function expectHead(socket: Duplex): void {
  let reader = readers.get(socket)
  if (reader === undefined) {
    const push = socket.push.bind(socket)
    const made = new AnswerHeads(push, () => socket.destroy(refusedHead()))
    // Everything that a socket reads goes through its push().
    socket.push = (chunk: Buffer | null): boolean => made.push(chunk)
    readers.set(socket, made)
    reader = made
  }
  reader.expect()
}

/** An error like those of the parser of node:http for a malformed head. */
function refusedHead(): Error {
  return Object.assign(new Error('Parse Error: Invalid line in the head'), {
    code: 'HPE_INVALID_HEADER_TOKEN',
  })
}
