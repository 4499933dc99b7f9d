// Downloads to a stream over a transport in memory, and what came out.

import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DownloadError, type StreamedResult, type StreamOptions } from 'range-get'
import { startDownload } from '#client/download.js'
import type { DownloadResult } from '#client/download-result.js'
import { FakeClient, type FakeServer } from './fake-client.ts'
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
