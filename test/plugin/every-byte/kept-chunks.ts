import { crc32 } from 'node:zlib'

const LATER_MS = 30

/** Keeps chunks that were written, and compares them again later. */
export class KeptChunks {
  /** Chunks that had other bytes when they were compared again. */
  changed = 0

  /** An old view may be empty later. Otherwise it must have the bytes that it had. */
  keep(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array)) return
    const before = crc32(chunk)
    setTimeout(() => {
      if (chunk.byteLength > 0 && crc32(chunk) !== before) this.changed++
    }, LATER_MS)
  }
}
