import { SendRangeError } from '../errors.ts'
import { foreignFailure } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { isMediaType } from '../rules/field-value.ts'
import { mediaTypeOf } from '../rules/media-type.ts'
import type { ResponseContext } from './response-fields.ts'

/**
 * The Content-Type of the representation. One that the handler has set comes first.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` or `ERR_RANGE_SOURCE` for a value that would break the head of a part
 */
export function contentTypeOf({ path, representation, settings, handlerFields }: ResponseContext): string {
  const { contentType } = settings
  const chosen =
    handlerFields['content-type'] ??
    (typeof contentType === 'function' ? contentTypeFrom(contentType, path) : contentType)
  const type = chosen ?? representation.contentType
  if (type === undefined) return mediaTypeOf(path)
  if (isMediaType(type)) return type
  const code = chosen === undefined ? 'ERR_RANGE_SOURCE' : 'ERR_RANGE_OPTION'
  throw new SendRangeError(code, 'A Content-Type must be a field value')
}

/**
 * The unchecked result of a `contentType` function.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if it throws
 */
function contentTypeFrom(contentType: (path: string) => unknown, path: string): unknown {
  try {
    const type = contentType(path)
    ignoreRejection(type)
    return type
  } catch (thrown) {
    throw foreignFailure('ERR_RANGE_OPTION', 'The contentType function', thrown)
  }
}
