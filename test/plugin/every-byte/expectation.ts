import type { Ask } from './ask.ts'
import { contentOf, isContent, SIZES } from './content.ts'

/** A piece of a body: literal bytes, or bytes of a file. */
type Stretch =
  | { readonly kind: 'literal'; readonly bytes: Buffer }
  | { readonly kind: 'content'; readonly from: number; readonly length: number }

/** The head of an answer: its status, and the fields by lower-case name. */
export interface Head {
  readonly status: number
  readonly fields: ReadonlyMap<string, string>
}

/** Compares the body of one answer, byte by byte, while it arrives. */
export class Expectation {
  readonly #file: number
  readonly #stretches: Stretch[]
  #at = 0
  /** Bytes of the body that have not arrived yet. */
  left: number

  /** @throws {Error} if the head is not the one that the request must be answered with */
  constructor(ask: Ask, head: Head) {
    this.#file = ask.file
    const size = SIZES[ask.file] ?? 0
    this.#stretches = stretchesOf(ask, head, size)
    this.left = this.#stretches.reduce((sum, stretch) => sum + lengthOf(stretch), 0)
    demand(head.status === (ask.ranges.length === 0 ? 200 : 206), `status ${head.status}`)
    const length = head.fields.get('content-length')
    demand(length === String(this.left), `Content-Length ${length}, expected ${this.left}`)
  }

  /** Takes bytes of the body, at most `left`. @throws {Error} at the first byte that is wrong */
  take(bytes: Buffer): void {
    this.left -= bytes.length
    for (let done = 0; done < bytes.length; ) {
      const [stretch] = this.#stretches
      demand(stretch !== undefined, 'more bytes than the body has')
      const part = bytes.subarray(done, done + lengthOf(stretch) - this.#at)
      demand(this.#matches(stretch, part), `other bytes in file ${this.#file} (${stretch.kind})`)
      done += part.length
      this.#at += part.length
      if (this.#at === lengthOf(stretch)) {
        this.#stretches.shift()
        this.#at = 0
      }
    }
  }

  #matches(stretch: Stretch, part: Buffer): boolean {
    if (stretch.kind === 'content') return isContent(part, this.#file, stretch.from + this.#at)
    return stretch.bytes.subarray(this.#at, this.#at + part.length).equals(part)
  }
}

function lengthOf(stretch: Stretch): number {
  return stretch.kind === 'literal' ? stretch.bytes.length : stretch.length
}

function stretchesOf({ ranges }: Ask, { fields }: Head, size: number): Stretch[] {
  const [range] = ranges
  if (range === undefined) return [{ kind: 'content', from: 0, length: size }]
  if (ranges.length === 1) {
    const { first, last } = range
    const contentRange = fields.get('content-range')
    demand(contentRange === `bytes ${first}-${last}/${size}`, `Content-Range ${contentRange}`)
    return [{ kind: 'content', from: first, length: last - first + 1 }]
  }
  const type = fields.get('content-type') ?? ''
  const boundary = /^multipart\/byteranges; boundary=([0-9a-f]+)$/.exec(type)?.[1]
  demand(boundary !== undefined, `Content-Type ${type}`)
  const parts = ranges.flatMap(({ first, last }): Stretch[] => {
    const head = `\r\n--${boundary}\r\nContent-Type: ${PART_TYPE}\r\nContent-Range: bytes ${first}-${last}/${size}\r\n\r\n`
    return [literal(head), { kind: 'content', from: first, length: last - first + 1 }]
  })
  return [...parts, literal(`\r\n--${boundary}--\r\n`)]
}

/** The media type of the files. */
export const PART_TYPE = 'application/octet-stream'

function literal(text: string): Stretch {
  return { kind: 'literal', bytes: Buffer.from(text, 'latin1') }
}

/** Writes the content of a file, for the server. */
export function wholeContent(file: number): Buffer {
  return Buffer.concat([...contentOf(file, 0, SIZES[file] ?? 0)])
}

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}
