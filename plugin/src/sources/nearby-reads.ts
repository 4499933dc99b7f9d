import { MAX_GAP_BYTES, SMALL_CHUNK_BYTES } from '../memory-bounds.ts'
import type { PositionalRepresentation } from './source.ts'

/** A part of one range, and where its bytes go. */
export interface Read {
  readonly target: Uint8Array
  /** Offset of the first byte in the representation. */
  readonly position: number
}

/** A representation that can read several places with one call, where little lies between them. */
export interface NearbyReader extends PositionalRepresentation {
  /**
   * Fills all targets of a group that {@link groupNearby} made. False when it got fewer bytes than that: they have to be
   * read one by one then.
   */
  readNearby(reads: readonly Read[]): Promise<boolean>
}

/** Whether a representation is one that reads several places at once. */
export function isNearbyReader(representation: PositionalRepresentation): representation is NearbyReader {
  return 'readNearby' in representation
}

/**
 * Puts reads together that follow each other in the representation with little between them: a call to the system costs
 * more than reading a few bytes that nobody wants. The order stays.
 */
export function groupNearby(reads: readonly Read[]): Read[][] {
  const groups: Read[][] = []
  let group: Read[] = []
  for (const read of reads) {
    if (!fits(group, read)) {
      group = []
      groups.push(group)
    }
    group.push(read)
  }
  return groups
}

/** The system takes 1024 places for one call, those between reads included. */
const MAX_READS_PER_CALL = 500

function fits(group: readonly Read[], { position, target }: Read): boolean {
  const [first] = group
  const last = group.at(-1)
  if (first === undefined || last === undefined || group.length === MAX_READS_PER_CALL) return false
  const gap = position - (last.position + last.target.length)
  return gap >= 0 && gap <= MAX_GAP_BYTES && position + target.length - first.position <= SMALL_CHUNK_BYTES
}

/** What is read and never looked at, of all files: no byte of it gets anywhere. */
const gapBytes = Buffer.allocUnsafeSlow(MAX_GAP_BYTES)

/** The targets of a group as one run of bytes of the file, with a place for the bytes between them. */
export function targetsWithGaps(reads: readonly Read[]): Uint8Array[] {
  const targets: Uint8Array[] = []
  let end = reads[0]?.position ?? 0
  for (const { target, position } of reads) {
    if (position > end) targets.push(gapBytes.subarray(0, position - end))
    targets.push(target)
    end = position + target.length
  }
  return targets
}
