// Reads the files of checksums that --checksums names: paths, or URLs, which are downloaded first.
import { createReadStream } from 'node:fs'
import { DownloadError, type DownloadOptions } from '../index.ts'
import { type ChecksumLine, readChecksumFile } from '../lists/checksum-lines.ts'
import { ChecksumList } from '../lists/checksum-of.ts'
import { publicUrl } from '../text/public-url.ts'
import { Chunks } from './chunks.ts'
import { fetchDocument } from './fetch-document.ts'
import { cannotRead } from './read-text.ts'

/** No file of checksums is longer: a device, or a server that does not end, must not fill memory. */
const MAX_BYTES = 64 * 1024 * 1024

/** What was read. */
export interface ReadChecksums {
  readonly list: ChecksumList
  /** Sentences for the user. */
  readonly notes: readonly string[]
}

/**
 * Reads files of checksums as one list.
 * @param options for those that are downloaded
 * @param secretsFor the origin of the first URL of the command line, or null
 * @throws DownloadError
 */
export async function readChecksums(
  places: readonly string[],
  options: DownloadOptions,
  secretsFor: string | null,
): Promise<ReadChecksums> {
  const lines: (readonly ChecksumLine[])[] = []
  const notes: string[] = []
  for (const place of places) {
    const isUrl = /^https?:\/\//i.test(place)
    const name = isUrl ? publicUrl(place) : place
    const request = { options, secretsFor, mostBytes: MAX_BYTES }
    const bytes = isUrl ? await fetchDocument(place, request) : await readBytes(place)
    if (bytes === null) throw tooLong(name)
    const read = readChecksumFile(textOf(bytes), name)
    lines.push(read.lines)
    if (read.isSigned) notes.push(`the signature of ${name} is not checked`)
  }
  return {
    list: new ChecksumList(lines.flat(), places.length === 1 ? nameOf(places[0]) : 'the files of checksums'),
    notes,
  }
}

function nameOf(place = ''): string {
  return /^https?:\/\//i.test(place) ? publicUrl(place) : place
}

async function readBytes(path: string): Promise<Buffer> {
  const chunks = new Chunks(MAX_BYTES)
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>)
      if (!chunks.add(chunk)) throw tooLong(path)
  } catch (error) {
    throw cannotRead(path, error)
  }
  return chunks.all
}

function textOf(bytes: Buffer): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes)
}

function tooLong(name: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${name} is too long for a file of checksums`)
}
