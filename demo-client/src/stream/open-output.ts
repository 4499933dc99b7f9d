// The output that a caller's stream is.
import { DownloadError } from '../errors.ts'
import { DescriptorOutput } from './descriptor-output.ts'
import { NodeOutput, type NodeWritable } from './node-output.ts'
import type { OrderedOutput } from './ordered-output.ts'
import { WebOutput, type WebWritable } from './web-output.ts'

/** Where the bytes go in order: a Writable of Node.js, or a WritableStream of the web. */
export type OutputStream = NodeWritable | WebWritable

/** Streams that a download writes to. The bytes of two downloads would be mixed. */
const inUse = new WeakSet<object>()

/**
 * Opens the output; {@link closeOutput} ends its use.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if the stream cannot be written to, or another download writes to it
 */
export function openOutput(stream: OutputStream | DescriptorOutput): OrderedOutput {
  if (stream instanceof DescriptorOutput) return stream
  if (inUse.has(stream))
    throw new DownloadError('ERR_DOWNLOAD_USAGE', 'another download of this process writes to the stream')
  try {
    const output = 'getWriter' in stream ? new WebOutput(stream) : new NodeOutput(stream)
    inUse.add(stream)
    return output
  } catch (error) {
    if (error instanceof DownloadError) throw error
    throw new DownloadError('ERR_DOWNLOAD_USAGE', 'the stream cannot be used', { cause: error })
  }
}

/** The download writes no more to the stream. */
export function closeOutput(stream: OutputStream | DescriptorOutput): void {
  inUse.delete(stream)
}
