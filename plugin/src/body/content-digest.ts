import { createHash, type Hash } from 'node:crypto'
import { CONTENT_HASHES, HASH_CHUNK_BYTES } from '../memory-bounds.ts'
import { type DigestAlgorithm, digestField, HASH_NAMES } from '../rules/digest-algorithm.ts'
import type { Layout } from '../rules/multipart.ts'
import type { ByteRange } from '../rules/range-set.ts'
import { HashLane } from '../sources/hash-lane.ts'
import { hashTurns } from '../sources/hash-turns.ts'
import type { PositionalRepresentation } from '../sources/source.ts'

/** Longer content has no digest: it would have to be read twice, since a head is sent before its content. */
export const LONGEST_DIGESTED_BYTES: number = 8 * 1024 * 1024
/** How long an answer waits for the digest of its content, in ms. It may stand in a queue. */
const AWAITED_MS = 500

const lane = new HashLane(CONTENT_HASHES)

/** Content that is about to be read. */
export interface PlannedContent {
  readonly representation: PositionalRepresentation
  readonly layout: Layout
}

/** The Content-Digest of content that is in memory. */
export function digestOfBytes(bytes: Uint8Array, algorithm: DigestAlgorithm): string {
  return digestField(algorithm, createHash(HASH_NAMES[algorithm]).update(bytes).digest('base64'))
}

/**
 * The Content-Digest of content that is not read yet. RFC 9530 §2: it is "applied to the actual message content", so it
 * covers the heads of parts too. Undefined if the content is too long, cannot be read, or would be waited for too long. If
 * it changes between the two reads, the answer is cut as always.
 */
export async function digestAhead(
  content: PlannedContent,
  algorithm: DigestAlgorithm,
): Promise<string | undefined> {
  if (content.layout.length > LONGEST_DIGESTED_BYTES || lane.isFull) return undefined
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), AWAITED_MS)
  const { signal } = controller
  try {
    const hash = await lane.run(signal, () => hashContent(content, algorithm, signal))
    return hash === undefined ? undefined : digestField(algorithm, hash.digest('base64'))
  } catch {
    // The answer that reads it fails by itself.
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

async function hashContent(
  { representation, layout }: PlannedContent,
  algorithm: DigestAlgorithm,
  signal: AbortSignal,
): Promise<Hash | undefined> {
  const hash = createHash(HASH_NAMES[algorithm])
  const buffer = Buffer.allocUnsafe(Math.min(layout.length, HASH_CHUNK_BYTES))
  for (let index = 0; index < layout.pieceCount; index++) {
    const piece = layout.piece(index)
    if (piece.kind === 'literal') await hashTurns.update(hash, piece.bytes, 'awaited')
    else
      for await (const bytes of readRange(representation, piece.range, { buffer, signal }))
        await hashTurns.update(hash, bytes, 'awaited')
    if (signal.aborted) return undefined
  }
  return hash
}

interface RangeReading {
  readonly buffer: Buffer
  readonly signal: AbortSignal
}

/** Fewer bytes if it is aborted, or the representation has become shorter: then the answer fails too. */
async function* readRange(
  representation: PositionalRepresentation,
  { first, last }: ByteRange,
  { buffer, signal }: RangeReading,
): AsyncGenerator<Buffer> {
  for (let position = first; position <= last && !signal.aborted; ) {
    const target = buffer.subarray(0, Math.min(buffer.length, last + 1 - position))
    const bytesRead = await representation.readAt(target, position, signal)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}
