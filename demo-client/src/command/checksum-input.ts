// Reads the files of checksums that --checksums names: paths, or URLs, which are downloaded first.
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDownload } from '../download.ts'
import { DownloadError, type DownloadOptions } from '../index.ts'
import { type ChecksumLine, readChecksumFile } from '../lists/checksum-lines.ts'
import { ChecksumList } from '../lists/checksum-of.ts'
import { publicUrl } from '../text/public-url.ts'
import { cannotRead } from './read-text.ts'

/** No file of checksums is longer: a device, or a server that does not end, must not fill memory or disk. */
const MAX_BYTES = 64 * 1024 * 1024

/** What was read. */
export interface ReadChecksums {
  readonly list: ChecksumList
  /** Sentences for the user. */
  readonly notes: readonly string[]
}

/**
 * Reads files of checksums as one list.
 * @param options for those that are downloaded. What is about the file alone (its mirrors, its key) does not count.
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
    const read = readChecksumFile(
      isUrl ? await fetchText(place, options, secretsFor) : await readText(place),
      name,
    )
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

async function readText(path: string): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > MAX_BYTES) throw tooLong(path)
      chunks.push(chunk)
    }
  } catch (error) {
    throw cannotRead(path, error)
  }
  const bytes = Buffer.concat(chunks)
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes)
}

async function fetchText(url: string, options: DownloadOptions, secretsFor: string | null): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'range-get-'))
  const tooMuch = new AbortController()
  const { signal: stop = tooMuch.signal, checksum: _c, mirrors: _m, resumeKey: _k, ...others } = options
  try {
    const path = join(folder, 'checksums')
    const signal = AbortSignal.any([stop, tooMuch.signal])
    const request = { url, destination: path, options: { ...others, connections: 1, signal } }
    const run = startDownload(request, { secrets: { origin: secretsFor } })
    for await (const { received, total } of run) if ((total ?? received) > MAX_BYTES) tooMuch.abort()
    await run.finished.catch((error: unknown) => {
      throw tooMuch.signal.aborted ? tooLong(publicUrl(url)) : error
    })
    return await readText(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function tooLong(name: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${name} is too long for a file of checksums`)
}
