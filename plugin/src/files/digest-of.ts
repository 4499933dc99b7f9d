import type { DigestAlgorithm } from '../rules/digest-algorithm.ts'
import { type ListedContext, listedDigestOf } from './checksum-files.ts'
import { fileDigests } from './file-digests.ts'
import type { FilePolicy } from './file-options.ts'
import type { FileStore } from './file-store.ts'
import type { OpenFile } from './open-file.ts'

/** What a digest may be taken from, besides the bytes. */
export interface DigestContext extends ListedContext {
  readonly policy: Pick<FilePolicy, 'root' | 'etag' | 'checksumFiles'>
  readonly store: FileStore
}

/**
 * The digest of the version that is open, in base64; undefined if it is not known yet. What was hashed comes first: a list of
 * checksums may be wrong.
 */
export async function digestOf(
  file: OpenFile,
  algorithm: DigestAlgorithm,
  context: DigestContext,
): Promise<string | undefined> {
  const { policy, store } = context
  // The tag is made of the same hash, and every answer has waited for it.
  if (policy.etag === 'content' && algorithm === 'sha-256' && file.settled) {
    const tag = await store.contentTags.of(file)
    return tag === undefined ? undefined : Buffer.from(tag, 'base64url').toString('base64')
  }
  const known = fileDigests.known(file, algorithm)
  if (known !== undefined) return known
  const listed =
    policy.checksumFiles === 'believe' ? await listedDigestOf(file, algorithm, context) : undefined
  return listed ?? fileDigests.of(file, algorithm, store)
}
