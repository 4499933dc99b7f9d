import { join } from 'node:path'
import { bufferRepresentation } from './buffer-source.ts'
import type { ContentTags } from './content-tag.ts'
import { formatEntityTag, isOpaqueTag, parseEntityTag } from './entity-tag.ts'
import { representationChanged, SendRangeError } from './errors.ts'
import { FileRepresentation } from './file-representation.ts'
import { mtimeMsOf } from './file-version.ts'
import type { OpenFile } from './open-file.ts'
import type { OpenFileCache } from './open-file-cache.ts'
import { type Dotfiles, resolvePath } from './resolve-path.ts'
import type { PositionalRepresentation } from './source.ts'

/** What an {@link EtagFunction} is told about the open file. */
export interface EtagFacts {
  /** As it was given to `sendRange`. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Ms since the epoch. */
  readonly mtimeMs: number
}

/**
 * Makes the entity-tag of a file: a complete tag (`"v1"`, `W/"v1"`), or what stands between the quotes of a strong
 * one; `false` for none. Two files with different bytes must never get the same strong tag.
 */
export type EtagFunction = (facts: EtagFacts) => string | false | Promise<string | false>

/**
 * Where entity-tags come from: `stat` (strong, from all that the file system tells about the version), `content`
 * (strong, a SHA-256 of the bytes, the same on every machine), a function, or none.
 */
export type EtagPolicy = 'stat' | 'content' | EtagFunction | false

/** How files are found and described. */
export interface FilePolicy {
  /** Absolute. */
  readonly root: string
  readonly dotfiles: Dotfiles
  readonly etag: EtagPolicy
}

/** What files are served with; shared by all roots of one registration. */
export interface FileStore {
  readonly cache: OpenFileCache
  readonly contentTags: ContentTags
}

const MAX_PSEUDO_FILE_BYTES = 1024 * 1024

/**
 * Opens a file below the root and pins the version it has now.
 *
 * @param path decoded, relative to the root
 * @returns undefined for what is not there, or not to be seen
 * @throws SendRangeError `ERR_RANGE_PATH_INVALID`, `ERR_RANGE_PATH_FORBIDDEN`, and what opening throws
 */
export async function openRepresentation(
  path: string,
  policy: FilePolicy,
  store: FileStore,
): Promise<PositionalRepresentation | undefined> {
  const resolved = resolvePath(path, policy.dotfiles)
  if (resolved.kind === 'refused') {
    if (resolved.reason === 'absent') return undefined
    if (resolved.reason === 'invalid') throw new SendRangeError('ERR_RANGE_PATH_INVALID', 'Invalid path')
    throw new SendRangeError('ERR_RANGE_PATH_FORBIDDEN', 'Forbidden')
  }
  const file = await store.cache.open({ root: policy.root, path: join(policy.root, ...resolved.segments) })
  if (file === undefined) return undefined
  try {
    const pseudo = file.version.size === 0n ? await readPseudoFile(file) : undefined
    if (pseudo !== undefined) {
      file.release()
      return bufferRepresentation(pseudo, { acceptRanges: 'none' })
    }
    const { etag } = policy
    const tag = etag === 'stat' ? file.statTag : await entityTag(file, { path, etag, store })
    return new FileRepresentation(file, tag)
  } catch (error) {
    file.release()
    throw error
  }
}

/**
 * Files of /proc and the like say that they are empty and are not. Their bytes are made when they are read: so they
 * are read at once and served whole, without validators. A file that is really empty gives undefined.
 */
async function readPseudoFile(file: OpenFile): Promise<Buffer | undefined> {
  const first = Buffer.alloc(1)
  if ((await file.readAt(first, 0)) === 0) return undefined
  const bytes = Buffer.alloc(MAX_PSEUDO_FILE_BYTES)
  let length = 0
  for (let count = -1; count !== 0 && length < bytes.length; length += count) {
    count = await file.readAt(bytes.subarray(length), length)
  }
  // A file that tells its size by now is none of these: it is just being written.
  if ((await file.currentVersion()).size !== 0n) throw representationChanged()
  if (length < bytes.length) return bytes.subarray(0, length)
  throw new SendRangeError('ERR_RANGE_READ', 'The file does not tell its size and is too long to find it out')
}

interface TagContext {
  readonly path: string
  readonly etag: Exclude<EtagPolicy, 'stat'>
  readonly store: FileStore
}

async function entityTag(file: OpenFile, { path, etag, store }: TagContext): Promise<string | undefined> {
  if (etag === false) return undefined
  if (etag === 'content') {
    const strength = file.settled ? 'strong' : 'weak'
    return formatEntityTag({ strength, opaque: await store.contentTags.of(file) })
  }
  const made = await etag({
    path,
    size: Number(file.version.size),
    mtimeMs: mtimeMsOf(file.version),
  })
  if (made === false) return undefined
  if (parseEntityTag(made) !== undefined) return made
  if (isOpaqueTag(made)) return formatEntityTag({ strength: 'strong', opaque: made })
  throw new SendRangeError('ERR_RANGE_OPTION', 'The etag function must return an entity-tag or false')
}
