import { createHash, type Hash } from 'node:crypto'
import type { Algorithm } from './digest.ts'

/** A new hash for `algorithm`. */
export function hasher(algorithm: Algorithm): Hash {
  return createHash(algorithm === 'sha-256' ? 'sha256' : 'sha512')
}
