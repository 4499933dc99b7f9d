// Downloads a document that says what to download: a Metalink, a file of checksums. It is kept in memory, so that nothing of it
// stays on the disk after a kill, and no folder for temporary files is needed.
import { Writable } from 'node:stream'
import { startDownload } from '../download.ts'
import type { AnyOptions } from '../download-options.ts'
import { DownloadError } from '../errors.ts'
import { publicUrl } from '../text/public-url.ts'
import { Chunks } from './chunks.ts'

/** How a document is downloaded. */
export interface DocumentRequest {
  /** What is about files on the disk, or about the files that it names, does not concern it. */
  readonly options: AnyOptions
  /** The origin of the first URL of the command line, or null. */
  readonly secretsFor: string | null
  readonly mostBytes: number
}

/** The bytes of the document at `url`; null if they are more than `mostBytes`. @throws DownloadError */
export async function fetchDocument(
  url: string,
  { options, secretsFor, mostBytes }: DocumentRequest,
): Promise<Buffer | null> {
  const chunks = new Chunks(mostBytes)
  const tooMuch = new AbortController()
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!chunks.add(chunk)) tooMuch.abort()
      done()
    },
  })
  const signal = AbortSignal.any([tooMuch.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const request = { url, destination: output, options: { ...ofTransfer(options), connections: 1, signal } }
  const run = startDownload(request, { secrets: { origin: secretsFor } })
  for await (const { total } of run) if (total !== null && total > mostBytes) tooMuch.abort()
  await run.finished.catch((error: unknown) => {
    if (!tooMuch.signal.aborted) throw ofDocument(error, url)
  })
  return tooMuch.signal.aborted ? null : chunks.all
}

/** The error with the place of the document: otherwise it could be about a file of the command line. */
function ofDocument(error: unknown, url: string): unknown {
  if (!(error instanceof DownloadError) || error.code === 'ERR_DOWNLOAD_ABORTED') return error
  const { code, cause, statusCode, message } = error
  const status = statusCode === undefined ? {} : { statusCode }
  return new DownloadError(code, `${publicUrl(url)}: ${message}`, { cause, ...status })
}

function ofTransfer(options: AnyOptions): AnyOptions {
  const {
    checksum: _checksum,
    expected: _expected,
    mirrors: _mirrors,
    mirrorTags: _mirrorTags,
    resumeKey: _resumeKey,
    resume: _resume,
    existing: _existing,
    missingDirectory: _missingDirectory,
    modified: _modified,
    ...others
  } = options
  return others
}
