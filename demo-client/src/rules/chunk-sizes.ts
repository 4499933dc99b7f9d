// Removes blanks after the sizes of chunks. Pure.
//
// RFC 9112 §7.1 has no blanks between the size of a chunk and the end of its line, but old servers pad sizes with them. The
// parser of node:http refuses that. Nothing else is changed, and the parser judges whatever is not a size.

const LF = 0x0a
/** A longer line is not a size. */
const MAX_LINE_BYTES = 1024
const SIZE = /^([0-9a-f]+)([\t ]*)(?:\r\n|;)/i
const CRLF_LENGTH = 2

/** Reads one chunked body from its first byte on. */
export class ChunkSizes {
  /** Bytes of a chunk that have not arrived, including its line end. */
  #missing = 0
  /** The beginning of an incomplete line. */
  #held: Buffer = Buffer.alloc(0)
  #isOver = false

  /** The bytes to pass to the parser instead of `chunk`. An incomplete line is kept until its end arrives. */
  read(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.remainder(), chunk])
    const pieces: Buffer[] = []
    let from = 0 // the first byte that is not yet in the pieces
    let at = 0
    for (;;) {
      const passed = Math.min(this.#missing, bytes.length - at)
      this.#missing -= passed
      at += passed
      if (this.#isOver || at === bytes.length) break
      const end = bytes.indexOf(LF, at) + 1
      if (end === 0 && bytes.length - at <= MAX_LINE_BYTES) {
        this.#held = Buffer.from(bytes.subarray(at))
        return Buffer.concat([...pieces, bytes.subarray(from, at)])
      }
      const blanks = this.#readSize(bytes.toString('latin1', at, Math.min(end, at + MAX_LINE_BYTES)))
      if (blanks !== null) {
        pieces.push(bytes.subarray(from, at + blanks.start))
        from = at + blanks.end
      }
      at = this.#isOver ? at : end
    }
    return from === 0 ? bytes : Buffer.concat([...pieces, bytes.subarray(from)])
  }

  /** The incomplete line that was kept, for the end of the connection. */
  remainder(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return held
  }

  /** Reads the line of a size. Returns where its blanks are, or null if there are none. */
  #readSize(line: string): { readonly start: number; readonly end: number } | null {
    const [found, size = '', blanks = ''] = SIZE.exec(line) ?? []
    const length = Number.parseInt(size, 16)
    // After the last chunk come trailers. Anything that is not a size ends the exchange.
    this.#isOver = found === undefined || length === 0 || !Number.isSafeInteger(length)
    this.#missing = this.#isOver ? 0 : length + CRLF_LENGTH
    return blanks === '' ? null : { start: size.length, end: size.length + blanks.length }
  }
}
