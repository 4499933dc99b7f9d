import { basename, dirname, join } from 'node:path'
import { type ListedFile, listedDigest } from '../rules/checksum-list.ts'
import type { DigestAlgorithm } from '../rules/digest-algorithm.ts'
import { isRefusal } from '../rules/refusal.ts'
import type { FilePolicy } from './file-options.ts'
import type { FileStore } from './file-store.ts'
import type { OpenFile } from './open-file.ts'
import { type FileLocation, isCurrent } from './open-regular-file.ts'
import { isExact } from './real-path.ts'
import { RecentEntries } from './recent-entries.ts'

/** A longer list is not read. */
const MAX_LIST_BYTES = 1024 * 1024
/** What versions of lists say about files. */
const read = new RecentEntries<{ readonly digest: string | undefined }>(1024)

const KINDS = {
  'sha-256': { suffix: '.sha256', list: 'SHA256SUMS', digestBytes: 32 },
  'sha-512': { suffix: '.sha512', list: 'SHA512SUMS', digestBytes: 64 },
} as const

/** Where a file is, and with what files are opened. */
export interface ListedContext {
  /** Below the root. It is that of the file, of a link to it, or of another file of its folder. */
  readonly path: string
  readonly policy: Pick<FilePolicy, 'root'>
  readonly store: Pick<FileStore, 'cache'>
}

/**
 * The digest of an open file in base64, as a list of checksums beside it says: `NAME.sha256`, or `SHA256SUMS` of its
 * folder. Undefined if no list can be of this version. A list that cannot be read counts as missing.
 *
 * A list is believed if it was written after the last change of the file. Its mtime alone does not say that, since a file
 * that replaces another one may be older: `cp -p`, `mv`. The ctime does, which every change of the file sets, and also a
 * new name. For the same reason a list must lie beside the file itself, not beside a symbolic link to it.
 */
export async function listedDigestOf(
  file: OpenFile,
  algorithm: DigestAlgorithm,
  context: ListedContext,
): Promise<string | undefined> {
  // A list may have other names that look the same as text.
  if (!isExact(file.realPath)) return undefined
  const { suffix, list, digestBytes } = KINDS[algorithm]
  const name = basename(file.realPath)
  const places = [
    { path: `${file.realPath}${suffix}`, file: { name, digestBytes, of: 'one file' } },
    { path: join(dirname(file.realPath), list), file: { name, digestBytes, of: 'list' } },
  ] as const
  const { root } = context.policy
  const folder = dirname(join(root, context.path))
  const location = { root, path: join(folder, name) }
  for (const place of places) {
    const listLocation = { root, path: join(folder, basename(place.path)) }
    const listed = digestIn(listLocation, { store: context.store, location, place, of: file })
    const digest = await listed.catch(() => undefined)
    if (digest !== undefined) return digest
  }
  return undefined
}

interface ListContext extends Pick<ListedContext, 'store'> {
  /** Of the file that the list is about. */
  readonly location: FileLocation
  /** Where the list must be, with symlinks followed, and which of its lines is meant. */
  readonly place: { readonly path: string; readonly file: ListedFile }
  readonly of: OpenFile
}

async function digestIn(list: FileLocation, context: ListContext): Promise<string | undefined> {
  const { store, place, of, location } = context
  const opened = await store.cache.open(list)
  if (isRefusal(opened)) return undefined
  try {
    if (opened.realPath !== place.path || !isNewer(opened, of)) return undefined
    // A list with several names may be read in several ways, and say something else in each.
    const { name, digestBytes, of: kind } = place.file
    const key = [opened.versionKey, digestBytes, kind, name].join(':')
    const { digest } = read.get(key) ?? { digest: listedDigest(await textOf(opened), place.file) }
    // The file may have been replaced before the list was opened, by one that the list is about.
    if (!(await opened.isUntouched()) || !(await isCurrent(of, location))) return undefined
    read.set(key, { digest })
    return digest
  } finally {
    opened.release()
  }
}

function isNewer(list: OpenFile, { version }: OpenFile): boolean {
  return list.settled && list.version.ctimeNs > version.ctimeNs && list.version.mtimeNs >= version.mtimeNs
}

/** The text of a list; empty if it is too long, or was cut off. */
async function textOf(list: OpenFile): Promise<string> {
  const size = Number(list.version.size)
  if (size > MAX_LIST_BYTES) return ''
  const bytes = Buffer.alloc(size)
  for (let position = 0; position < size; ) {
    const bytesRead = await list.readAt(bytes.subarray(position), position)
    if (bytesRead === 0) return ''
    position += bytesRead
  }
  return bytes.toString()
}
