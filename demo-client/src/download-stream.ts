// A download to a stream: the bytes go out in order, while several connections fetch ahead.
//
// 1. Fetch one version of the file, and write it as it comes: `fetch-versions.ts`, `stream/stream-store.ts`.
// 2. Wait until the stream has taken all bytes.
// 3. Verify the digests of the whole, and only then end the stream.
import { onAbort } from './caller/abort-listeners.ts'
import { withKeptBytes } from './disk/resume-message.ts'
import { verifyDigests } from './disk/verify-digests.ts'
import type { StreamedResult } from './download-result.ts'
import { DownloadError } from './errors.ts'
import { expectedDigests } from './fetch-verified.ts'
import type { Versions } from './fetch-versions.ts'
import type { HttpClient } from './http/answer.ts'
import type { Target } from './http/target.ts'
import { assertScope } from './option-scopes.ts'
import type { Settings } from './options.ts'
import type { DownloadStatus } from './progress/download-status.ts'
import { strongTag } from './rules/validators.ts'
import type { DescriptorOutput } from './stream/descriptor-output.ts'
import { closeOutput, type OutputStream, openOutput } from './stream/open-output.ts'
import { type OrderedOutput, outputError } from './stream/ordered-output.ts'
import { StreamStore } from './stream/stream-store.ts'
import { formatSize } from './text/quantities.ts'
import { Warnings } from './text/warnings.ts'
import { Servers } from './transfer/servers.ts'

/** What a download to a stream works with. */
export interface StreamContext {
  readonly origin: Target
  readonly stream: OutputStream | DescriptorOutput
  readonly settings: Settings
  readonly versions: Versions
  readonly status: DownloadStatus
  readonly createClient: (settings: Settings, warnings: Warnings) => HttpClient
}

/**
 * Downloads to a stream. It is ended after the last byte, once the digests of the whole are verified. After a failure it
 * is destroyed, because what was written cannot be taken back.
 * @throws DownloadError
 */
export async function downloadToStream(context: StreamContext): Promise<StreamedResult> {
  const { settings, versions, stream } = context
  assertScope(settings, 'stream')
  const output = openOutput(stream)
  const store = new StreamStore({
    output,
    buffer: settings.buffer,
    bufferDirectory: settings.bufferDirectory,
    checksum: settings.checksum,
    onFailure: (error) => versions.fail(error),
    onRoom: () => versions.useRoom(),
  })
  output.open((error) => store.fail(outputError(error, output)))
  const { signal } = settings
  const forget = signal === null ? null : onAbort(signal, () => store.fail(signal.reason))
  try {
    signal?.throwIfAborted()
    const result = await fetchInto(store, context)
    await endUnlessAborted(output, signal)
    return result
  } catch (cause) {
    context.status.setFinal(store.received, versions.total)
    const error = withWrittenBytes(withKeptBytes(cause, store.close(), signal), store.written)
    output.fail(error)
    throw error
  } finally {
    forget?.()
    store.close()
    await store.free()
    closeOutput(stream)
  }
}

async function fetchInto(store: StreamStore, context: StreamContext): Promise<StreamedResult> {
  const { origin, settings, versions, status, createClient } = context
  const warnings = new Warnings()
  const client = createClient(settings, warnings)
  status.resumeFrom(store)
  try {
    const fetched = await versions.fetch({
      store,
      client,
      rateLimit: null,
      servers: new Servers(origin, settings),
      look: null,
      output: null,
      finished: null,
      settings,
      trust: 'join',
    })
    const { total, end } = fetched
    await store.drain(total)
    status.enter('verifying')
    const verification = await verifyDigests(store, total, expectedDigests(fetched, { store, settings }))
    if (verification.kind === 'wrong') throw verification.error
    status.setFinal(total, total)
    if (verification.digest === null && end === 'tls-closed') warnings.add('end')
    const validators = store.version?.validators ?? null
    return {
      path: null,
      outcome: 'downloaded',
      size: total,
      etag: validators === null ? null : strongTag(validators),
      resumed: 0,
      ...status.times,
      integrity: verification.digest?.kind ?? (end === 'announced' ? 'length' : 'nothing'),
      digest: verification.digest?.algorithm ?? null,
      warnings: warnings.sentences,
    }
  } finally {
    client.close()
  }
}

/** The error, with what has gone out before it. A reader of a pipe cannot know that it did not get the file. */
function withWrittenBytes(error: unknown, { least, most }: { least: number; most: number }): unknown {
  if (!(error instanceof DownloadError) || most === 0) return error
  const { code, cause, statusCode } = error
  const status = statusCode === undefined ? {} : { statusCode }
  const bytes = least === most ? formatSize(most) : `Up to ${formatSize(most)}`
  const message = `${error.message}. ${bytes} were written before: do not use them`
  return new DownloadError(code, message, { cause, ...status })
}

/** Ends an output. It may never say that it has ended. @throws its failure, or the reason of the signal */
async function endUnlessAborted(output: OrderedOutput, signal: AbortSignal | null): Promise<void> {
  const end = async (): Promise<void> =>
    await output.end().catch((error: unknown) => {
      throw outputError(error, output)
    })
  if (signal === null) return await end()
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason))
    end().then(resolve, reject).finally(forget)
  })
}
