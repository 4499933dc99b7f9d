const MAX_RANGE_BYTES = 16 * 1024
const MAX_TOTAL_BYTES = 16 * 1024 * 1024

/**
 * Small stretches of files that were read lately, kept in memory. They are found by the version of the file that they
 * were read from, so they cannot be stale: a file that was touched in any way is another version. What was used
 * longest ago goes first.
 */
export class HotRanges {
  readonly #stretches = new Map<string, Uint8Array>()
  #totalBytes = 0

  /** Copies `target.length` bytes from `position` of a version into `target`; false when they are not here. */
  copy(version: string, position: number, target: Uint8Array): boolean {
    if (target.length > MAX_RANGE_BYTES) return false
    const key = keyOf(version, position, target.length)
    const bytes = this.#stretches.get(key)
    if (bytes === undefined) return false
    this.#stretches.delete(key)
    this.#stretches.set(key, bytes)
    target.set(bytes)
    return true
  }

  /** Keeps a copy of bytes that were read from `position` of a version. */
  keep(version: string, position: number, bytes: Uint8Array): void {
    const key = keyOf(version, position, bytes.length)
    if (bytes.length > MAX_RANGE_BYTES || this.#stretches.has(key)) return
    this.#stretches.set(key, bytes.slice())
    this.#totalBytes += bytes.length
    for (const [oldest, dropped] of this.#stretches) {
      if (this.#totalBytes <= MAX_TOTAL_BYTES) break
      this.#stretches.delete(oldest)
      this.#totalBytes -= dropped.length
    }
  }
}

function keyOf(version: string, position: number, length: number): string {
  return `${version}:${position}:${length}`
}
