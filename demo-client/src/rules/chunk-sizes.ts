// The sizes of chunks as they come from a connection, without the blanks behind them. Pure.
//
// RFC 9112 §7.1 has no blanks between the size of a chunk and the end of its line, but old servers pad sizes with them. The
// parser of node:http refuses that. Nothing else is changed: what is no size is left to the parser.

const LF = 0x0a
/** A longer line is no size. In bytes. */
const MOST_LINE = 1024
const SIZE = /^([0-9a-f]+)([\t ]*)(?:\r\n|;)/i
const CRLF_LENGTH = 2

/** Follows one chunked body from its first byte on. */
export class ChunkSizes {
  /** Bytes of a chunk still to come, its line end included. */
  #missing = 0
  /** The beginning of a line. */
  #held: Buffer = Buffer.alloc(0)
  #isOver = false

  /** What is to be read in place of `chunk`. The beginning of a line is held back until its end is there. */
  read(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.rest(), chunk])
    const pieces: Buffer[] = []
    let from = 0 // of what is not yet in the pieces
    let at = 0
    for (;;) {
      const passed = Math.min(this.#missing, bytes.length - at)
      this.#missing -= passed
      at += passed
      if (this.#isOver || at === bytes.length) break
      const end = bytes.indexOf(LF, at) + 1
      if (end === 0 && bytes.length - at <= MOST_LINE) {
        this.#held = Buffer.from(bytes.subarray(at))
        return Buffer.concat([...pieces, bytes.subarray(from, at)])
      }
      const blanks = this.#readSize(bytes.toString('latin1', at, Math.min(end, at + MOST_LINE)))
      if (blanks !== null) {
        pieces.push(bytes.subarray(from, at + blanks.start))
        from = at + blanks.end
      }
      at = this.#isOver ? at : end
    }
    return from === 0 ? bytes : Buffer.concat([...pieces, bytes.subarray(from)])
  }

  /** What is held back, for where nothing more comes. */
  rest(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return held
  }

  /** Takes the line of a size. Returns where its blanks are, or null where there are none. */
  #readSize(line: string): { readonly start: number; readonly end: number } | null {
    const [found, size = '', blanks = ''] = SIZE.exec(line) ?? []
    const length = Number.parseInt(size, 16)
    // Behind the last chunk are trailers. With what is no size the exchange ends.
    this.#isOver = found === undefined || length === 0 || !Number.isSafeInteger(length)
    this.#missing = this.#isOver ? 0 : length + CRLF_LENGTH
    return blanks === '' ? null : { start: size.length, end: size.length + blanks.length }
  }
}
