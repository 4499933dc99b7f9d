import { createHash } from 'node:crypto'
import { SendRangeError } from './errors.ts'
import type { PositionalRepresentation, RangeSource } from './source.ts'

/** What a {@link bufferSource} knows beside the bytes. */
export interface BufferSourceOptions {
  /** The complete entity-tag. Default: strong, from a SHA-256 of the bytes. */
  readonly etag?: string
  /** What Last-Modified says. Default: none. */
  readonly lastModified?: Date
  /** The media type. Default: told from the path's extension. */
  readonly contentType?: string
}

/**
 * A source whose every path is the same bytes in memory. The bytes are not copied: do not write to them afterwards.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for what is not a Uint8Array
 */
export function bufferSource(bytes: Uint8Array, options: BufferSourceOptions = {}): RangeSource {
  // Other arrays count elements, not bytes.
  if (!(bytes instanceof Uint8Array))
    throw new SendRangeError('ERR_RANGE_OPTION', 'bufferSource takes a Uint8Array')
  const representation = bufferRepresentation(bytes, { ...options, etag: options.etag ?? contentTag(bytes) })
  return { open: () => representation }
}

/** Bytes in memory as a representation, with no other metadata than what is given. */
export function bufferRepresentation(
  bytes: Uint8Array,
  options: BufferSourceOptions & Pick<PositionalRepresentation, 'acceptRanges'>,
): PositionalRepresentation {
  return {
    ...options,
    size: bytes.length,
    async readAt(target, position) {
      const part = bytes.subarray(position, position + target.length)
      target.set(part)
      return part.length
    },
    atHand: ({ first, last }) => bytes.subarray(first, last + 1),
    close() {},
  }
}

function contentTag(bytes: Uint8Array): string {
  return `"${createHash('sha256').update(bytes).digest('base64url')}"`
}
