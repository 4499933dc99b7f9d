import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { CONNECTION_FIELDS, endsWithHead, isChunked } from './connection-fields.ts'
import { type Fields, isPlainFields, setAll } from './head-arguments.ts'
import { discloseHeadSent } from './head-sent.ts'
import { writeLogLine } from './log-line.ts'
import { cut, type RawResponse } from './response-lifetime.ts'

const OK = 200
const PARTIAL_CONTENT = 206

type WriteHead = (status: number, ...rest: unknown[]) => RawResponse
type SetField = (name: string, value: unknown) => RawResponse

/** Responses whose framing is guarded. */
const framed = new WeakSet<RawResponse>()
/** What an answer is meant to be. */
export interface IntendedAnswer {
  readonly status: number
  /** Bytes of the body. */
  readonly length: number
  /** The Content-Encoding of the representation itself, as the handler has set it. */
  readonly coding: unknown
}

/** For each response that is to carry a representation. */
const intended = new WeakMap<RawResponse, IntendedAnswer>()

/** What the head of an answer says, once it is written. */
export interface WrittenHead {
  readonly status: number
  /** Bytes of the body that it announces; undefined: none. */
  readonly length: number | undefined
}

const heads = new WeakMap<RawResponse, WrittenHead>()

/** The head of an answer that is guarded here; undefined before it is written. */
export function writtenHead(raw: RawResponse): WrittenHead | undefined {
  return heads.get(raw)
}

/**
 * Holds the head of an answer to what its body is, however and wherever the body was changed: hooks run in any order,
 * and middleware changes fields as late as in `writeHead`. So the head is looked at when it is written.
 *
 * - Content that was encoded on its way out is another representation than the one our strong tag names: the tag
 *   becomes weak (RFC 9110 §8.8.3.3) and Accept-Ranges goes, since the ranges are of other bytes.
 * - Content that a hook has replaced is treated like that, where its length shows it.
 * - A 206 that was encoded or replaced is cut: its Content-Range counts bytes that it does not carry (§14.4). So is a
 *   part that goes out as a 200, and a whole that goes out as a 206.
 * - An answer of which a hook makes an error has no tag, date or ranges of the representation.
 * - The framing is as {@link guardFraming} says.
 */
export function guardHead(reply: FastifyReply, answer: IntendedAnswer): void {
  const raw: RawResponse = reply.raw
  guardFraming(reply)
  if (!intended.has(raw)) guardSetHeader(raw)
  intended.set(raw, { ...answer, coding: codingOf(answer.coding) })
}

/**
 * Holds the head of any answer to the framing that it can have, whatever fields are set: Node throws for some while it
 * writes, out of anybody's reach, and sends others as they are.
 *
 * - Of Transfer-Encoding and Content-Length only one stays (RFC 9112 §6.2), and Trailer only where there can be one.
 * - Over HTTP/2 there are no fields of the connection (RFC 9113 §8.2.2).
 */
export function guardFraming(reply: FastifyReply): void {
  const raw: RawResponse = reply.raw
  if (framed.has(raw)) return
  framed.add(raw)
  guardWriteHead(reply, raw)
}

function guardWriteHead(reply: FastifyReply, raw: RawResponse): void {
  const isWrapped = Object.hasOwn(raw, 'writeHead')
  const writeHead = raw.writeHead as unknown as WriteHead
  const guarded: WriteHead = (status, ...rest) => {
    const message = typeof rest[0] === 'string' ? [rest[0]] : []
    const given = rest.at(-1)
    // A wrapper below may add fields, and sees only those that are set on the response.
    const fields = isPlainFields(given) && !isWrapped ? given : undefined
    if (fields === undefined) setAll(raw, given)
    const head = new Head(raw, fields)
    head.describeOther(status)
    head.chooseFraming(status, reply.request.raw.httpVersionMinor)
    if (head.isWrong(status)) {
      refuse(reply, raw)
      // Node's HTTP/1 needs a head to go on with, though it no longer goes anywhere.
      return raw instanceof Http2ServerResponse ? raw : writeHead.call(raw, status)
    }
    if (fields === undefined) writeHead.call(raw, status, ...message)
    else writeHead.call(raw, status, ...message, fields)
    discloseHeadSent(raw)
    heads.set(raw, { status, length: head.length })
    const written = new Head(raw, undefined)
    if (written.isEncoded && (status === PARTIAL_CONTENT || written.hasStrongTag)) return refuse(reply, raw)
    return raw
  }
  raw.writeHead = guarded as unknown as typeof raw.writeHead
}

/** What wrappers below `writeHead` set comes after our look at the head: a coding, or the strong tag once more. */
function guardSetHeader(raw: RawResponse): void {
  for (const method of ['setHeader', 'appendHeader'] as const) {
    const original = raw[method] as SetField | undefined
    if (original === undefined) continue
    const guarded: SetField = (name, value) => {
      original.call(raw, name, value)
      const lower = name.toLowerCase()
      if (lower === 'content-encoding' || lower === 'etag') new Head(raw, undefined).describeEncoded()
      return raw
    }
    Reflect.defineProperty(raw, method, { value: guarded, configurable: true, writable: true })
  }
}

/** The fields of a head: those that are handed to `writeHead`, before those that are set on the response. */
class Head {
  readonly #raw: RawResponse
  readonly #fields: Fields | undefined

  constructor(raw: RawResponse, fields: Fields | undefined) {
    this.#raw = raw
    this.#fields = fields
  }

  /** Whether the content has another coding than the representation itself. */
  get isEncoded(): boolean {
    const answer = intended.get(this.#raw)
    if (answer === undefined) return false
    const coding = codingOf(this.#get('content-encoding'))
    return coding !== undefined && coding !== answer.coding
  }

  /** Whether the content has another length than the representation, or its range. */
  get isReplaced(): boolean {
    const { length } = this
    return length !== undefined && length !== (intended.get(this.#raw)?.length ?? length)
  }

  /** Bytes that Content-Length announces; undefined: none. */
  get length(): number | undefined {
    const length = this.#get('content-length')
    return length === undefined ? undefined : Number(length)
  }

  get hasStrongTag(): boolean {
    const etag = this.#get('etag')
    return typeof etag === 'string' && etag.startsWith('"')
  }

  /** Whether a client would take the content for other bytes than it is. */
  isWrong(status: number): boolean {
    const meant = intended.get(this.#raw)?.status ?? status
    if (isContentStatus(meant) && isContentStatus(status) && meant !== status) return true
    return status === PARTIAL_CONTENT && (this.isEncoded || this.isReplaced)
  }

  /** Takes off what is said of the representation where the content is another. */
  describeOther(status: number): void {
    const meant = intended.get(this.#raw)?.status
    if (meant === undefined) return
    if (meant !== status)
      for (const name of ['etag', 'last-modified', 'accept-ranges', 'content-range']) this.#remove(name)
    // A hook that takes the length off is about to send another one.
    else if (this.isReplaced || this.length === undefined) this.#weaken()
    this.describeEncoded()
  }

  describeEncoded(): void {
    if (this.isEncoded) this.#weaken()
  }

  #weaken(): void {
    if (this.hasStrongTag) this.#set('etag', `W/${String(this.#get('etag'))}`)
    this.#remove('accept-ranges')
  }

  chooseFraming(status: number, minorVersion: number): void {
    if (this.#raw instanceof Http2ServerResponse) {
      // RFC 9113 §8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header
      // fields."
      for (const name of CONNECTION_FIELDS) this.#remove(name)
      return
    }
    // RFC 9112 §6.1: "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request
    // indicates HTTP/1.1 (or later minor revisions)."
    if (minorVersion > 0 && !endsWithHead(status) && isChunked(this.#get('transfer-encoding'))) {
      // §6.2: "A sender MUST NOT send a Content-Length header field in any message that contains a Transfer-Encoding
      // header field."
      this.#remove('content-length')
      return
    }
    this.#remove('transfer-encoding')
    this.#remove('trailer')
  }

  #get(name: string): unknown {
    return this.#fields?.[name] ?? this.#raw.getHeader(name)
  }

  #set(name: string, value: string): void {
    if (this.#fields === undefined) this.#raw.setHeader(name, value)
    else this.#fields[name] = value
  }

  #remove(name: string): void {
    if (this.#fields !== undefined) delete this.#fields[name]
    if (this.#raw.getHeader(name) !== undefined) this.#raw.removeHeader(name)
  }
}

/** Ends an answer before its first byte. */
function refuse(reply: FastifyReply, raw: RawResponse): RawResponse {
  const message = 'a hook or middleware has encoded or changed an answer of sendRange and it was cut'
  writeLogLine(reply.log, { level: 'error', details: {}, message })
  cut(raw)
  if (raw instanceof Http2ServerResponse) raw.stream?.destroy()
  return raw
}

function isContentStatus(status: number): boolean {
  return status === OK || status === PARTIAL_CONTENT
}

/** A Content-Encoding in a form that can be compared; undefined for the bytes as they are. */
function codingOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  const codings = String(value).toLowerCase().split(',')
  const applied = codings
    .map((coding) => coding.trim())
    .filter((coding) => !['', 'identity'].includes(coding))
  return applied.length === 0 ? undefined : applied.join(', ')
}
