// Downloads to a stream over a transport in memory, and what came out.

import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DownloadError, type StreamedResult, type StreamOptions } from 'range-get'
import { startDownload } from '#client/download.js'
import type { DownloadResult } from '#client/download-result.js'
import { FakeClient, type FakeRequest, type FakeServer, type Piece, type Reply } from './fake-client.ts'
import type { Resource } from './hostile-server.ts'
import { QUICK } from './run.ts'

/** A stream that keeps what it gets, and how it ended. */
export class Collector extends Writable {
  readonly chunks: Buffer[] = []
  /** Called before each chunk is taken. */
  readonly #pace: (taken: number) => Promise<void>
  taken = 0
  failure: Error | null = null

  constructor(pace: (taken: number) => Promise<void> = async () => undefined) {
    super()
    this.#pace = pace
    this.on('error', (error) => {
      this.failure = error
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#pace(this.taken).then(
      () => {
        this.chunks.push(chunk)
        this.taken += chunk.length
        done()
      },
      (error: Error) => done(error),
    )
  }
}

/** How a download to a stream ended. */
export interface StreamedEnd {
  readonly result: StreamedResult | DownloadResult | null
  readonly code: string | null
  readonly message: string
  readonly client: FakeClient
  /** The most bytes that were received and not yet taken. */
  readonly mostWaiting: number
}

/** Downloads into `stream`. */
export async function stream(
  server: FakeServer,
  output: Collector,
  options: StreamOptions = {},
): Promise<StreamedEnd> {
  const client = new FakeClient(server)
  const request = { url: 'http://fake.test/file.bin', destination: output, options: { ...QUICK, ...options } }
  const run = startDownload(request, { createClient: () => client })
  let mostWaiting = 0
  let isOver = false
  const watch = (async () => {
    for (; !isOver; await nextTurn())
      mostWaiting = Math.max(mostWaiting, run.progress.received - output.taken)
  })()
  const end = await run.finished.then(
    (result) => ({ result, code: null, message: '' }),
    (error: unknown) => {
      if (!(error instanceof DownloadError)) throw error
      return { result: null, code: error.code, message: error.message }
    },
  )
  isOver = true
  await watch
  return { ...end, client, mostWaiting }
}

/** The answer that RFC 9110 wants, in pieces of `pieceBytes`. `change` changes the body. */
export function honestly(
  { content, fields }: Resource,
  { range, fields: asked }: FakeRequest,
  change: (body: Buffer) => readonly Piece[] = (body) => [body],
): Reply {
  const condition = asked['if-range']
  if (range === null || (condition !== undefined && condition !== fields['etag'])) {
    const length = { 'content-length': String(content.length) }
    return { status: 200, fields: { ...fields, ...length }, body: change(content) }
  }
  if (range.start >= content.length)
    return { status: 416, fields: { 'content-range': `bytes */${content.length}`, 'content-length': '0' } }
  const end = Math.min(range.end ?? content.length, content.length)
  const head = {
    'content-range': `bytes ${range.start}-${end - 1}/${content.length}`,
    'content-length': String(end - range.start),
  }
  return { status: 206, fields: { ...fields, ...head }, body: change(content.subarray(range.start, end)) }
}
