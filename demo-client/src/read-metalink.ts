// Metalink documents, for callers: what to give to downloadAll().
import { join } from 'node:path'
import { type CallerFields, fieldsOf } from './caller/caller-fields.ts'
import { readOptions } from './caller/check-arguments.ts'
import type { FileRequest } from './downloads.ts'
import { DownloadError } from './errors.ts'
import type { DescribedFile } from './metalink/metalink-document.ts'
import { safeFields } from './rules/safe-fields.ts'

/** Options of `readMetalink()`. */
export interface MetalinkOptions {
  /** Where the files go. Default `'.'`. */
  readonly directory?: string
  /** The URL that the document came from. */
  readonly source?: string | URL
  /**
   * Header fields to send. A file whose first URL has the origin of `source` gets all of them. Any other server gets only the
   * harmless ones: a document must not choose who gets a password.
   */
  readonly headers?: CallerFields
}

/** A file of a Metalink document, for `downloadAll()`. */
export interface MetalinkFile extends FileRequest {
  /** The path that the document gives it. It is safe below any directory. */
  readonly name: string
  /** The preferred one; the others are `mirrors`. */
  readonly url: string
  /** `name`, below the directory. */
  readonly destination: string
}

/** What a Metalink document describes. */
export interface Metalink {
  /** At least one, in the order of the document. */
  readonly files: readonly MetalinkFile[]
  /** What of the document is not used, as sentences: torrents, signatures, other kinds of URLs. Mostly empty. */
  readonly notes: readonly string[]
}

/**
 * Reads a Metalink 4 document (RFC 5854), whose files can be given to `downloadAll()`. They have its URLs in the order of
 * their priority, sizes, hashes and those of pieces. What it says is never trusted: bytes that contradict it end with
 * `ERR_DOWNLOAD_DIGEST`. If it has a sha-256 or sha-512 of a file, that is also its `resumeKey`, so that it is resumed from
 * other servers.
 * @param document up to 16 MiB
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if it is not a Metalink 4, or if a file in it is described wrongly: a name that
 * leads out of the directory, no URL, a hash that is none
 */
export async function readMetalink(
  document: string | Uint8Array,
  options: MetalinkOptions = {},
): Promise<Metalink> {
  const { directory = '.', source, headers } = readOptions(options, KNOWN) as MetalinkOptions
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0'))
    throw usage('directory must be a path')
  const fields = headers === undefined ? null : fieldsOf(headers)
  const origin = source === undefined ? null : originOf(source)
  // Loaded only now: most downloads have no document.
  const [{ documentText }, { metalinkIn }, { splitDigests }] = await Promise.all([
    import('./metalink/document-text.ts'),
    import('./metalink/metalink-document.ts'),
    import('./metalink/metalink-hashes.ts'),
  ])
  const { files, notes } = await metalinkIn(documentText(document))
  const kept = new Set(Object.keys(safeFields(fields ?? {})))
  const secret = Object.keys(fields ?? {}).filter((name) => !kept.has(name))
  let isHeldBack = false
  const requests = files.map((file) => {
    const isOwn = origin !== null && new URL(file.urls[0]).origin === origin
    isHeldBack ||= !isOwn && secret.length > 0
    const split = splitDigests(file.digests)
    return {
      ...requestOf(file, directory, split),
      ...(fields === null ? {} : { headers: isOwn ? fields : safeFields(fields) }),
    }
  })
  const heldBack = `header fields that could be secret are not sent to servers that it names: ${secret.join(', ')}`
  return { files: requests, notes: isHeldBack ? [...notes, heldBack] : notes }
}

const KNOWN = { directory: null, source: null, headers: null }

function requestOf(
  { name, urls: [url, ...mirrors], size, pieces }: DescribedFile,
  directory: string,
  { checksum, others }: { readonly checksum: string | null; readonly others: readonly string[] },
): MetalinkFile {
  return {
    name,
    url,
    destination: join(directory, name),
    mirrors,
    expected: { size: size ?? undefined, digests: others, pieces: pieces ?? undefined },
    ...(checksum === null ? {} : { checksum, resumeKey: checksum }),
  }
}

function originOf(source: string | URL): string {
  if (!URL.canParse(String(source))) throw usage('source must be a URL')
  return new URL(source).origin
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
