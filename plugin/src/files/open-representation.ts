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

/** What goes with one answer. */
export interface FileContext {
  readonly store: FileStore
  /** Gives the signal that is aborted when the response is over. A function for tags needs it, and nothing else. */
  readonly signal: () => AbortSignal
}

/**
 * Opens a file below the root and pins the version it has now.
 *
 * @param path decoded, relative to the root
 * @returns why there is nothing to serve, where there is nothing
 * @throws SendRangeError what opening throws
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
    // It grows: there is no telling what it will contain, and nothing to continue from.
    if (opaque === undefined)
      return new FileRepresentation(file, { growth: 'allowed', explanations: 'refused' })
    const tag = formatEntityTag({ strength: 'strong', opaque })
    // One that is written at this moment may be growing: it is read for a tag once, not again with each attempt.
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
 * Where ranges are not accepted the file may grow while it is sent. Whether the bytes before its old end have stayed
 * cannot be told then: no strong tag.
 */
function represent(file: OpenFile, { tag, acceptRanges, explanations }: Description): FileRepresentation {
  if (acceptRanges === 'bytes') return new FileRepresentation(file, { tag, growth: 'refused', explanations })
  const parsed = tag === undefined ? undefined : parseEntityTag(tag)
  const weak = parsed === undefined ? undefined : formatEntityTag({ ...parsed, strength: 'weak' })
  return new FileRepresentation(file, { tag: weak, growth: 'allowed', explanations })
}
