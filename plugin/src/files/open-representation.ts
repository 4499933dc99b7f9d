import { join } from 'node:path'
import { formatEntityTag, parseEntityTag } from '../rules/entity-tag.ts'
import { isRefusal, type Refusal } from '../rules/refusal.ts'
import { resolvePath } from '../rules/resolve-path.ts'
import { bufferRepresentation } from '../sources/buffer-source.ts'
import type { PositionalRepresentation } from '../sources/source.ts'
import { customTag } from './etag-function.ts'
import type { FilePolicy } from './file-options.ts'
import { type FileDescription, FileRepresentation } from './file-representation.ts'
import type { FileStore } from './file-store.ts'
import type { OpenFile } from './open-file.ts'
import { readPseudoFile } from './pseudo-file.ts'

/** What a file is opened with for one answer. */
export interface FileContext {
  readonly store: FileStore
  /** The signal that is aborted when the response is over. Only a function for tags needs it. */
  readonly signal: () => AbortSignal
}

/**
 * Opens a file below the root, in the version that it has now.
 *
 * @param path decoded, relative to the root
 * @returns a reason if there is nothing to serve
 * @throws SendRangeError the errors of opening
 */
export async function openRepresentation(
  path: string,
  policy: FilePolicy,
  { store, signal }: FileContext,
): Promise<PositionalRepresentation | Refusal> {
  const resolved = resolvePath(path, policy.dotfiles)
  if (resolved.kind === 'refused') return resolved.reason
  const file = await store.cache.open({ root: policy.root, path: join(policy.root, ...resolved.segments) })
  if (isRefusal(file)) return file
  try {
    const pseudo = await readPseudoFile(file)
    if (pseudo !== undefined) {
      file.release()
      return bufferRepresentation(pseudo, { acceptRanges: 'none' })
    }
    return await describe(file, { path, policy, store, signal })
  } catch (error) {
    file.release()
    throw error
  }
}

interface DescriptionContext extends FileContext {
  readonly path: string
  readonly policy: FilePolicy
}

async function describe(file: OpenFile, context: DescriptionContext): Promise<FileRepresentation> {
  const { etag, acceptRanges } = context.policy
  if (etag === 'content') {
    const opaque = await context.store.contentTags.of(file)
    // It grows: its later content is not known, so no download can continue from it.
    if (opaque === undefined)
      return new FileRepresentation(file, { growth: 'allowed', explanations: 'refused' })
    const tag = formatEntityTag({ strength: 'strong', opaque })
    // A file that is being written may be growing. It is hashed once, not again with each attempt.
    return represent(file, {
      tag,
      acceptRanges: file.settled ? acceptRanges : 'none',
      explanations: 'refused',
    })
  }
  const tag = etag === 'stat' ? file.statTag : await customTag(file, etag, context)
  return represent(file, { tag, acceptRanges, explanations: 'believed' })
}

interface Description {
  readonly tag: string | undefined
  readonly acceptRanges: 'bytes' | 'none'
  readonly explanations: FileDescription['explanations']
}

/**
 * If ranges are not accepted, the file may grow while it is sent. Then it is not known whether the bytes before its old end
 * are the same, so the tag is not strong.
 */
function represent(file: OpenFile, { tag, acceptRanges, explanations }: Description): FileRepresentation {
  if (acceptRanges === 'bytes') return new FileRepresentation(file, { tag, growth: 'refused', explanations })
  const parsed = tag === undefined ? undefined : parseEntityTag(tag)
  const weak = parsed === undefined ? undefined : formatEntityTag({ ...parsed, strength: 'weak' })
  return new FileRepresentation(file, { tag: weak, growth: 'allowed', explanations })
}
