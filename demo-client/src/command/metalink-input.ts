// Reads the Metalinks that --metalink names: paths, URLs, or standard input.
import { createReadStream } from 'node:fs'
import type { AnyOptions } from '../download-options.ts'
import { DownloadError, type MetalinkFile, readMetalink } from '../index.ts'
import { httpOrigin, publicUrl } from '../text/public-url.ts'
import { Chunks } from './chunks.ts'
import { fetchDocument } from './fetch-document.ts'
import { cannotRead, nameOfList } from './read-text.ts'

/** The most that is read, in bytes: a text in UTF-16 of the most characters that the library reads. */
const MAX_BYTES = 32 * 1024 * 1024

/** A Metalink that was read. */
export interface ReadMetalink {
  /** What to call it in messages. */
  readonly place: string
  readonly files: readonly MetalinkFile[]
}

/** What was read. */
export interface ReadMetalinks {
  readonly metalinks: readonly ReadMetalink[]
  /** Sentences for the user. */
  readonly notes: readonly string[]
}

/** How they are read. */
export interface MetalinkInput {
  /** Where their files go. */
  readonly directory: string
  /** For those that are downloaded. */
  readonly options: AnyOptions
  /** The origin of the first URL of the command line; null if a Metalink is the first one. */
  readonly secretsFor: string | null
}

/** Reads all of them. @throws DownloadError */
export async function readMetalinks(
  places: readonly string[],
  { directory, options, secretsFor }: MetalinkInput,
): Promise<ReadMetalinks> {
  const metalinks: ReadMetalink[] = []
  const notes: string[] = []
  const origin = secretsFor ?? places.map(httpOrigin).find((each) => each !== null) ?? null
  for (const each of places) {
    const isUrl = /^https?:\/\//i.test(each)
    const place = isUrl ? publicUrl(each) : nameOfList(each)
    const request = { options, secretsFor: origin, mostBytes: MAX_BYTES }
    const document = isUrl ? await fetchDocument(each, request) : await readBytes(each)
    if (document === null) throw tooLong(place)
    try {
      const read = await readMetalink(document, { directory, ...(isUrl ? { source: each } : {}) })
      metalinks.push({ place, files: read.files })
      notes.push(...read.notes.map((note) => `${place}: ${note}`))
    } catch (error) {
      throw error instanceof DownloadError
        ? new DownloadError(error.code, `${place}: ${error.message}`)
        : error
    }
  }
  return { metalinks, notes }
}

async function readBytes(path: string): Promise<Buffer> {
  const stream: AsyncIterable<Buffer> = path === '-' ? process.stdin : createReadStream(path)
  const chunks = new Chunks(MAX_BYTES)
  try {
    for await (const chunk of stream) if (!chunks.add(chunk)) throw tooLong(nameOfList(path))
    return chunks.all
  } catch (error) {
    throw cannotRead(path, error)
  }
}

function tooLong(place: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${place} is too long for a Metalink`)
}
