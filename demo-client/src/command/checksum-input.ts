// Reads the files of checksums that --checksums names: paths, or URLs, which are downloaded first.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DownloadError, type DownloadOptions, download } from '../index.ts'
import { type ChecksumLine, readChecksumFile } from '../lists/checksum-lines.ts'
import { ChecksumList } from '../lists/checksum-of.ts'
import { publicUrl } from '../text/public-url.ts'
import { cannotRead } from './read-text.ts'

const MAX_BYTES = 64 * 1024 * 1024

/** What was read. */
export interface ReadChecksums {
  readonly list: ChecksumList
  /** Sentences for the user. */
  readonly notes: readonly string[]
}

/** Reads files of checksums as one list. @throws DownloadError */
export async function readChecksums(
  places: readonly string[],
  options: DownloadOptions,
): Promise<ReadChecksums> {
  const lines: ChecksumLine[] = []
  const notes: string[] = []
  for (const place of places) {
    const isUrl = /^https?:\/\//i.test(place)
    const name = isUrl ? publicUrl(place) : place
    const read = readChecksumFile(isUrl ? await fetchText(place, options) : await readText(place), name)
    lines.push(...read.lines)
    if (read.isSigned) notes.push(`the signature of ${name} is not checked`)
  }
  return {
    list: new ChecksumList(lines, places.length === 1 ? nameOf(places[0]) : 'the files of checksums'),
    notes,
  }
}

function nameOf(place = ''): string {
  return /^https?:\/\//i.test(place) ? publicUrl(place) : place
}

async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MAX_BYTES)
      throw new DownloadError('ERR_DOWNLOAD_USAGE', `${path} is too long for a file of checksums`)
    const bytes = await readFile(path)
    const isWide = bytes[0] === 0xff && bytes[1] === 0xfe
    return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes)
  } catch (error) {
    throw cannotRead(path, error)
  }
}

async function fetchText(url: string, options: DownloadOptions): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'range-get-'))
  try {
    const path = join(folder, 'checksums')
    await download(url, path, { ...options, connections: 1 }).finished
    return await readText(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
