import { crc32 } from 'node:zlib'

const LATER_MS = 30

/** Keeps chunks that were written, and looks at them again later. */
export class KeptChunks {
  /** Chunks that held other bytes when they were looked at again. */
  changed = 0

  /** An old view may be empty later, and else has to hold what it held. */
  keep(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array)) return
    const before = crc32(chunk)
    setTimeout(() => {
      if (chunk.byteLength > 0 && crc32(chunk) !== before) this.changed++
    }, LATER_MS)
  }
}
