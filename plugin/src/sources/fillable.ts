import { propertyOf } from '../own-properties.ts'
import type { ByteRange } from '../rules/range-set.ts'
import type { Representation, StreamedRepresentation } from './source.ts'

/** A streamed representation of this package that can also read a short range into memory of the answer. */
export interface FillableRepresentation extends StreamedRepresentation {
  /**
   * Reads all bytes of a range.
   *
   * @param target as long as the range
   * @throws SendRangeError `ERR_RANGE_CHANGED` if they are of another version now, `ERR_RANGE_READ` if the answer that the
   *   representation was opened for is over
   */
  readonly fill: (range: ByteRange, target: Uint8Array) => Promise<void>
}

/** One of an application has no such method: only the known methods of these are handed on. */
export function isFillable(representation: Representation): representation is FillableRepresentation {
  return propertyOf(representation, 'fill') !== undefined
}
