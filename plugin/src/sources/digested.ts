import { propertyOf } from '../own-properties.ts'
import type { DigestAlgorithm } from '../rules/digest-algorithm.ts'
import type { Representation } from './source.ts'

/** A representation of which digests are known or made. Other sources bring theirs as a field: `headers`. */
export interface Digested {
  /**
   * The digest of all bytes, in base64. Undefined if it is not known, or not yet: no answer waits for the hash of a long
   * file.
   */
  digestOf(algorithm: DigestAlgorithm): Promise<string | undefined>
}

/** Whether digests of a representation can be known. */
export function isDigested(representation: Representation): representation is Representation & Digested {
  return propertyOf(representation, 'digestOf') !== undefined
}
