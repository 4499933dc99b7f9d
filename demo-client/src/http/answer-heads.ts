// The heads of answers as they come from a connection, put into the one form that the parser of node:http reads.
import type { Duplex } from 'node:stream'
import { ChunkSizes } from '../rules/chunk-sizes.ts'
import { normalField, normalStatus } from '../rules/field-forms.ts'

/** A longer head is left to the parser as it is, which refuses it. In bytes. */
export const MOST_HEAD: number = 128 * 1024

const START = Buffer.from('HTTP/')
const CHUNKED = /\r\ntransfer-encoding:[\t ]*chunked[\t ]*\r\n/i
/** RFC 9112 §6.3: these answers end with their heads, "regardless of the header fields present in the message". */
const BODILESS = /^HTTP\/1\.\d (?:1\d\d|204|304) /
/**
 * RFC 9112 allows a recipient to read heads that it forbids a sender to write. §2.2: "a recipient MAY recognize a single LF as
 * a line terminator and ignore any preceding CR." §5.2: "A user agent that receives an obs-fold in a response message […]
 * MUST replace each received obs-fold with one or more SP octets prior to interpreting the field value." Only the form of
 * the lines is changed: what they say, of lengths above all, is left to the parser in its strict mode. Lines that say nothing
 * are left out.
 *
 * Null while the end of the head is not there. Latin-1 throughout: a character is a byte.
 */
export function normalHead(text: string): { readonly head: string; readonly length: number } | null {
  const end = /\r?\n\r?\n/.exec(text)
  if (end === null) return null
  const length = end.index + end[0].length
  const [status = '', ...lines] = text.slice(0, end.index).split(/\r?\n/)
  const fields: string[] = []
  for (const line of lines) {
    const last = fields.length - 1
    // Before the first field there is nothing to continue (§2.2): the parser refuses it.
    if (/^[ \t]/.test(line) && last >= 0) fields[last] = unfolded(fields[last] ?? '', line)
    else fields.push(line)
  }
  const known = fields.map(normalField).filter((line) => line !== null)
  return { head: [normalStatus(status), ...known, '', ''].join('\r\n'), length }
}

/** Blanks and tabs only: other characters that trim() takes away are bytes of a value. */
function unfolded(line: string, fold: string): string {
  return `${line.replace(/[\t ]+$/, '')} ${fold.replace(/^[\t ]+|[\t ]+$/g, '')}`
}

/** Reads the heads of one connection's answers. Bodies pass untouched, except for blanks behind the sizes of chunks. */
class AnswerHeads {
  readonly #push: (chunk: Buffer | null) => boolean
  /** Bytes of a head that is not complete; null while a body passes. */
  #held: Buffer | null = null
  /** Of the body that passes, where it is chunked. */
  #chunks: ChunkSizes | null = null

  constructor(push: (chunk: Buffer | null) => boolean) {
    this.#push = push
  }

  /** The next byte begins a head. */
  expect(): void {
    this.#held ??= Buffer.alloc(0)
  }

  push(chunk: Buffer | null): boolean {
    if (this.#held === null) return this.#pushBody(chunk)
    if (chunk === null) return this.#passHeld() && this.#push(null)
    this.#held = Buffer.concat([this.#held, chunk])
    const compared = Math.min(START.length, this.#held.length)
    const isHead = this.#held.subarray(0, compared).equals(START.subarray(0, compared))
    const normal = isHead ? normalHead(this.#held.toString('latin1')) : null
    if (normal === null) return isHead && this.#held.length <= MOST_HEAD ? true : this.#passHeld()
    const rest = this.#held.subarray(normal.length)
    // RFC 9110 §15.2: after an interim answer, 1xx, another head comes.
    const isInterim = /^HTTP\/1\.\d 1(?!01)/.test(normal.head)
    this.#held = isInterim ? Buffer.alloc(0) : null
    this.#chunks = CHUNKED.test(normal.head) && !BODILESS.test(normal.head) ? new ChunkSizes() : null
    const canMore = this.#push(Buffer.from(normal.head, 'latin1'))
    return rest.length > 0 ? this.push(rest) : canMore
  }

  #pushBody(chunk: Buffer | null): boolean {
    const bytes = (chunk === null ? this.#chunks?.remainder() : this.#chunks?.read(chunk)) ?? chunk
    const canMore = bytes === null || bytes.length === 0 || this.#push(bytes)
    return chunk === null ? this.#push(null) : canMore
  }

  #passHeld(): boolean {
    const held = this.#held
    this.#held = null
    this.#chunks = null
    return held === null || held.length === 0 ? true : this.#push(held)
  }
}

const readers = new WeakMap<Duplex, AnswerHeads>()

/** To be called before a request is written to `socket`: what comes next is the head of its answer. */
export function expectHead(socket: Duplex): void {
  let reader = readers.get(socket)
  if (reader === undefined) {
    const push = socket.push.bind(socket)
    const made = new AnswerHeads(push)
    // Everything that a socket reads goes through its own push().
    socket.push = (chunk: Buffer | null): boolean => made.push(chunk)
    readers.set(socket, made)
    reader = made
  }
  reader.expect()
}
