import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { ignoreRejection } from '../ignore-rejection.ts'
import { checkedOptions, type OptionCheck, wrongOption } from '../option-checks.ts'
import { ownProperties } from '../own-properties.ts'
import { isContentEncoding } from '../rules/content-coding.ts'
import { parseEntityTag } from '../rules/entity-tag.ts'
import { isMediaType } from '../rules/field-value.ts'
import { areRepresentationFields } from './representation-fields.ts'
import type { PositionalRepresentation, RangeSource, RepresentationMetadata } from './source.ts'

/** What can be set for a {@link bufferSource}. */
export interface BufferSourceOptions {
  /** The complete entity-tag. Default: strong, from a SHA-256 of the bytes. */
  readonly etag?: string | undefined
  /** The value of Last-Modified. Default: none. */
  readonly lastModified?: Date | undefined
  /** The media type. Default: by the extension of the path. */
  readonly contentType?: string | undefined
  /** The codings that the bytes are in, as the value of Content-Encoding. Default: none. */
  readonly contentEncoding?: string | undefined
  /** More fields, as in {@link RepresentationMetadata}. Default: none. */
  readonly headers?: NonNullable<RepresentationMetadata['headers']> | undefined
}

/**
 * A source that has the same bytes in memory under every path. The bytes are not copied, so do not write to them
 * afterwards.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if the bytes are not a Uint8Array, or an option is unknown or of the wrong
 * kind
 */
export function bufferSource(bytes: Uint8Array, options: BufferSourceOptions = {}): RangeSource {
  ignoreRejection(bytes)
  const { etag, ...others }: BufferSourceOptions = checkedOptions(options, CHECKS, () => true)
  // Other arrays count elements, not bytes.
  if (!(bytes instanceof Uint8Array)) throw wrongOption('bufferSource takes a Uint8Array')
  const representation = bufferRepresentation(bytes, { ...others, etag: etag ?? contentTag(bytes) })
  return { open: () => representation }
}

const CHECKS: Readonly<Record<keyof BufferSourceOptions, OptionCheck>> = {
  etag: {
    isValid: (value) => typeof value === 'string' && parseEntityTag(value) !== undefined,
    kind: 'a complete entity-tag, as "v1" with its quotes',
  },
  lastModified: {
    isValid: (value) => types.isDate(value) && !Number.isNaN(value.getTime()),
    kind: 'a valid Date',
  },
  contentType: { isValid: isMediaType, kind: 'a media type' },
  contentEncoding: { isValid: isContentEncoding, kind: 'the value of a Content-Encoding' },
  headers: { isValid: areRepresentationFields, kind: 'an object of fields of the representation' },
}

/** Bytes in memory as a representation, with the given metadata only. */
export function bufferRepresentation(
  bytes: Uint8Array,
  options: BufferSourceOptions & Pick<PositionalRepresentation, 'acceptRanges'>,
): PositionalRepresentation {
  return ownProperties<PositionalRepresentation>({
    ...options,
    size: bytes.length,
    async readAt(target, position) {
      const part = bytes.subarray(position, position + target.length)
      target.set(part)
      return part.length
    },
    cached: ({ first, last }) => bytes.subarray(first, last + 1),
    close() {},
  })
}

function contentTag(bytes: Uint8Array): string {
  return `"${createHash('sha256').update(bytes).digest('base64url')}"`
}
