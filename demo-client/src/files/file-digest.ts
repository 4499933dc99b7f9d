// The digest of a file on the disk.
import { constants } from 'node:fs'
import type { Algorithm } from '../rules/digest.ts'
import { hasher } from '../rules/hasher.ts'
import { openRegular } from './regular-file.ts'

/** How to read. */
export interface DigestOptions {
  readonly algorithm: Algorithm
  /** Ends the reading. */
  readonly signal: AbortSignal | null
}

/** Digest (base64) and size (bytes) of a regular file. @throws the system's error, or the signal's reason */
export async function digestOf(
  path: string,
  { algorithm, signal }: DigestOptions,
): Promise<{ digest: string; size: number }> {
  const file = await openRegular(path, constants.O_RDONLY)
  const hash = hasher(algorithm)
  let size = 0
  for await (const chunk of file.createReadStream()) {
    signal?.throwIfAborted()
    hash.update(chunk)
    size += chunk.length
  }
  return { digest: hash.digest('base64'), size }
}
