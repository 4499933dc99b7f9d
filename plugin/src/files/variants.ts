import { type BigIntStats, stat } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SendRangeError } from '../errors.ts'
import { PRECOMPRESSIONS, type Precompression } from '../rules/accept-encoding.ts'
import { isRefusal } from '../rules/refusal.ts'
import { resolvePath } from '../rules/resolve-path.ts'
import type { FilePolicy } from './file-options.ts'
import type { FileStore } from './file-store.ts'
import type { FileVersion } from './file-version.ts'
import { operationsOn } from './local-file-systems.ts'
import type { OpenFile } from './open-file.ts'
import type { FileLocation } from './open-regular-file.ts'
import { readPseudoFile } from './pseudo-file.ts'

const statPath = promisify(stat)

/** What the names of the compressed files end with. */
const SUFFIXES: Readonly<Record<Precompression, string>> = { zstd: '.zst', br: '.br', gzip: '.gz' }

/** A compressed file that was found beside a file. It may be gone, or refused, when it is opened. */
export interface FoundVariant {
  readonly coding: Precompression
  readonly location: FileLocation
}

/**
 * Finds the compressed files beside a file, in the order of the option. Most files have none, so they are only looked
 * for, and not opened.
 *
 * @param path that of the file, decoded and relative to the root
 */
export async function findVariants(
  original: OpenFile,
  path: string,
  { root, dotfiles, precompressed }: FilePolicy,
): Promise<readonly FoundVariant[]> {
  const codings = precompressed === true ? PRECOMPRESSIONS : precompressed || []
  const found = await Promise.all(
    codings.map(async (coding): Promise<FoundVariant | undefined> => {
      // The name is longer than that of the file, and is checked like every name.
      const resolved = resolvePath(`${path}${SUFFIXES[coding]}`, dotfiles)
      if (resolved.kind === 'refused') return undefined
      const location = { root, path: join(root, ...resolved.segments) }
      const stats = await lookAt(location.path)
      const isThere = stats?.isFile() === true && isVariantOf(stats, original.version)
      return isThere ? { coding, location } : undefined
    }),
  )
  return found.filter((variant) => variant !== undefined)
}

async function lookAt(path: string): Promise<BigIntStats | undefined> {
  try {
    return await operationsOn(path).run(() => statPath(path, { bigint: true }))
  } catch (error) {
    // Too much waits for this storage. It is not known whether there is a variant.
    if (error instanceof SendRangeError) throw error
    return undefined
  }
}

/**
 * Whether a file can be a variant of another one. One that is older was made from an earlier version. An empty file is
 * no stream of any coding. The file itself, under a link, is not compressed.
 */
function isVariantOf(
  variant: Pick<FileVersion, 'dev' | 'ino' | 'size' | 'mtimeNs'>,
  original: FileVersion,
): boolean {
  if (variant.ino === original.ino && variant.dev === original.dev) return false
  return variant.size > 0n && variant.mtimeNs >= original.mtimeNs
}

/**
 * Opens a variant, with every check of a file that is asked for by its own name. The caller releases it.
 *
 * @returns undefined if it cannot be used. The file itself is there, and can
 * @throws SendRangeError `ERR_RANGE_OVERLOADED`
 */
export async function openVariant(
  original: OpenFile,
  { location }: FoundVariant,
  { cache }: Pick<FileStore, 'cache'>,
): Promise<OpenFile | undefined> {
  let variant: OpenFile | undefined
  let isUsable = false
  try {
    const opened = await cache.open(location)
    if (isRefusal(opened)) return undefined
    variant = opened
    isUsable = isVariantOf(variant.version, original.version) && (await readPseudoFile(variant)) === undefined
    return isUsable ? variant : undefined
  } catch (error) {
    if (error instanceof SendRangeError && error.code === 'ERR_RANGE_OVERLOADED') throw error
    return undefined
  } finally {
    if (!isUsable) variant?.release()
  }
}
