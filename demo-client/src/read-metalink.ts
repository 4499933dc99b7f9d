// Metalink documents, for callers: what to give to downloadAll().
import { join } from 'node:path'
import { readOptions } from './caller/check-arguments.ts'
import type { FileRequest } from './downloads.ts'
import { DownloadError } from './errors.ts'
import type { DescribedFile } from './metalink/metalink-document.ts'

/** Options of `readMetalink()`. */
export interface MetalinkOptions {
  /** Where the files go. Default `'.'`. */
  readonly directory?: string
  /**
   * The URL that the document came from. What `downloadAll()` sends as a secret goes to this origin only: see `namedBy` of its
   * files. Without it, it goes to no server.
   */
  readonly source?: string | URL
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
 * leads out of the directory, no URL, text that is no hash
 */
export async function readMetalink(
  document: string | Uint8Array,
  options: MetalinkOptions = {},
): Promise<Metalink> {
  const { directory = '.', source = 'about:blank' } = readOptions(options, KNOWN) as MetalinkOptions
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0'))
    throw usage('directory must be a path')
  const namedBy = String(source)
  if (!URL.canParse(namedBy)) throw usage('source must be a URL')
  // Loaded only now: most downloads have no document.
  const [{ documentText }, { metalinkIn }, { splitDigests }] = await Promise.all([
    import('./metalink/document-text.ts'),
    import('./metalink/metalink-document.ts'),
    import('./metalink/metalink-hashes.ts'),
  ])
  const { files, notes } = await metalinkIn(documentText(document))
  const requestOf = ({
    name,
    urls: [url, ...mirrors],
    size,
    digests,
    pieces,
  }: DescribedFile): MetalinkFile => {
    const { checksum, others } = splitDigests(digests)
    return {
      ...{ name, url, namedBy, mirrors, destination: join(directory, name) },
      expected: { size: size ?? undefined, digests: others, pieces: pieces ?? undefined },
      ...(checksum === null ? {} : { checksum, resumeKey: checksum }),
    }
  }
  return { files: files.map(requestOf), notes }
}

const KNOWN = { directory: null, source: null }

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
