// The digest of a file that lies on the disk.
import { createReadStream } from 'node:fs'
import { type Algorithm, hasher } from './digest.ts'

/** Digest (base64) and size (bytes) of a file. @throws the system's error */
export async function digestOf(
  path: string,
  algorithm: Algorithm,
): Promise<{ digest: string; size: number }> {
  const hash = hasher(algorithm)
  let size = 0
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk)
    size += chunk.length
  }
  return { digest: hash.digest('base64'), size }
}
