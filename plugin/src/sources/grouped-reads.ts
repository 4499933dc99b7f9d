import { MAX_GAP_BYTES, SMALL_CHUNK_BYTES } from '../memory-bounds.ts'
import type { PositionalRepresentation } from './source.ts'

/** A part of one range, and where its bytes go. */
export interface Read {
  readonly target: Uint8Array
  /** Offset of the first byte in the representation. */
  readonly position: number
}

/** A representation that can read several places with one call, if they are close together. */
export interface NearbyReader extends PositionalRepresentation {
  /**
   * Fills all targets of a group that {@link groupNearby} made. False if it got fewer bytes than that: then they must be
   * read one by one.
   */
  readNearby(reads: readonly Read[]): Promise<boolean>
}

/** Whether a representation can read several places with one call. */
export function isNearbyReader(representation: PositionalRepresentation): representation is NearbyReader {
  return 'readNearby' in representation
}

/**
 * Groups reads that follow each other closely in the representation: a call to the system costs more than reading a few
 * unneeded bytes. The order stays.
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

/** The system accepts 1024 places in one call, with those between reads. */
const MAX_READS_PER_CALL = 500

function fits(group: readonly Read[], { position, target }: Read): boolean {
  const [first] = group
  const last = group.at(-1)
  if (first === undefined || last === undefined || group.length === MAX_READS_PER_CALL) return false
  const gap = position - (last.position + last.target.length)
  return gap >= 0 && gap <= MAX_GAP_BYTES && position + target.length - first.position <= SMALL_CHUNK_BYTES
}

/** Receives the bytes between reads, of all files. They are never used. */
const gapBytes = Buffer.allocUnsafeSlow(MAX_GAP_BYTES)

/** The targets of a group as one contiguous part of the file, with a target for the bytes between them. */
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
