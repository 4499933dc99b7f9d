// Reads the Metalinks that --metalink names: paths, URLs, or standard input.
import { createReadStream } from 'node:fs'
import { Writable } from 'node:stream'
import { startDownload } from '../download.ts'
import type { AnyOptions } from '../download-options.ts'
import { DownloadError, type MetalinkFile, readMetalink } from '../index.ts'
import { httpOrigin, publicUrl } from '../text/public-url.ts'
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
    const document = isUrl ? await fetched(each, options, origin) : await readBytes(each)
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
  const chunks = new Chunks()
  try {
    for await (const chunk of stream) if (!chunks.add(chunk)) throw tooLong(nameOfList(path))
    return chunks.all
  } catch (error) {
    throw cannotRead(path, error)
  }
}

/** Downloads it into memory. What is about files on the disk does not concern it. */
async function fetched(url: string, options: AnyOptions, secretsFor: string | null): Promise<Buffer> {
  const chunks = new Chunks()
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => done(chunks.add(chunk) ? null : tooLong(publicUrl(url))),
  })
  const {
    resume: _r,
    existing: _e,
    missingDirectory: _m,
    modified: _d,
    mirrorTags: _t,
    ...transfer
  } = options
  try {
    const request = { url, destination: output, options: { ...transfer, connections: 1 } }
    await startDownload(request, { secrets: { origin: secretsFor } }).finished
  } catch (error) {
    throw chunks.isFull ? tooLong(publicUrl(url)) : error
  }
  return chunks.all
}

/** Bytes, up to a limit. */
class Chunks {
  readonly #chunks: Buffer[] = []
  #bytes = 0

  get all(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get isFull(): boolean {
    return this.#bytes > MAX_BYTES
  }

  /** Returns whether these bytes were not too many. */
  add(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    if (this.isFull) return false
    this.#chunks.push(Buffer.from(chunk)) // the library may use its memory again
    return true
  }
}

function tooLong(place: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${place} is too long for a Metalink`)
}
