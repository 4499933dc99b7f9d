import { Http2ServerResponse } from 'node:http2'
import type { RawResponse } from '../connection/response-lifetime.ts'
import type { Fields } from './head-arguments.ts'

/** What can be read of the head of an answer. */
export interface ReadableHead {
  readonly status: number
  /** The values of a field, one for each line. `name` is in lower case. */
  lines(name: string): readonly string[]
}

const STATUS_AT = 'HTTP/1.1 '.length
const STATUS_DIGITS = 3

/**
 * The head that is about to be written. A field that is passed to `writeHead` replaces one that is set on the response.
 */
export class AnswerHead implements ReadableHead {
  readonly status: number
  readonly #raw: RawResponse
  readonly #fields: Fields | undefined

  constructor(raw: RawResponse, status: number, fields?: Fields) {
    this.#raw = raw
    this.status = status
    this.#fields = fields
  }

  lines(name: string): readonly string[] {
    return linesOf(this.#fields?.[name] ?? this.#raw.getHeader(name))
  }

  set(name: string, value: string): void {
    if (this.#fields === undefined) this.#raw.setHeader(name, value)
    else this.#fields[name] = value
  }

  remove(name: string): void {
    if (this.#fields !== undefined) delete this.#fields[name]
    if (this.#raw.getHeader(name) !== undefined) this.#raw.removeHeader(name)
  }
}

/**
 * The head that was written, as it goes out, below all wrappers of the response. Over HTTP/1 Node keeps it as a text,
 * and sends it with the first bytes of the body.
 */
export function writtenHeadOf(raw: RawResponse, status: number): ReadableHead {
  if (raw instanceof Http2ServerResponse) {
    const sent = raw.stream?.sentHeaders ?? {}
    return { status: Number(sent[':status'] ?? status), lines: (name) => linesOf(sent[name]) }
  }
  const text: unknown = Reflect.get(raw, '_header')
  if (typeof text !== 'string') return new AnswerHead(raw, status)
  const lines = linesIn(text)
  return {
    status: Number(text.slice(STATUS_AT, STATUS_AT + STATUS_DIGITS)),
    lines: (name) => lines.get(name) ?? NO_LINES,
  }
}

const NO_LINES: readonly string[] = []

/** The values of all fields of a head, by their names in lower case. */
function linesIn(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>()
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = lines.get(name)
    if (before === undefined) lines.set(name, [value])
    else before.push(value)
  }
  return lines
}

/** Bytes that Content-Length announces; undefined without that field; NaN if it is not one number. */
export function announcedLength(head: ReadableHead): number | undefined {
  const lines = head.lines('content-length')
  if (lines.length === 0) return undefined
  // RFC 9110 §8.6: "Content-Length = 1*DIGIT"
  const [value = ''] = lines
  const length = lines.length === 1 && /^\d+$/.test(value) ? Number(value) : Number.NaN
  return Number.isSafeInteger(length) ? length : Number.NaN
}

/** The lines of a field with this value, as `setHeader` takes it. */
export function linesOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value.map(String) : [String(value)]
}
