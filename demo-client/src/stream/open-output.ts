// The output that a caller's stream is.
import { DownloadError } from '../errors.ts'
import { DescriptorOutput } from './descriptor-output.ts'
import { NodeOutput, type NodeWritable } from './node-output.ts'
import type { OrderedOutput } from './ordered-output.ts'
import { WebOutput, type WebWritable } from './web-output.ts'

/** Where the bytes go in order: a Writable of Node.js, or a WritableStream of the web. */
export type OutputStream = NodeWritable | WebWritable

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` if the stream cannot be written to */
export function openOutput(stream: OutputStream | DescriptorOutput): OrderedOutput {
  if (stream instanceof DescriptorOutput) return stream
  try {
    return 'getWriter' in stream ? new WebOutput(stream) : new NodeOutput(stream)
  } catch (error) {
    if (error instanceof DownloadError) throw error
    throw new DownloadError('ERR_DOWNLOAD_USAGE', 'the stream cannot be used', { cause: error })
  }
}
