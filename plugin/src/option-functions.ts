import { unlessGivenUp } from './given-up.ts'
import { ignoreRejection } from './ignore-rejection.ts'
import { foreignFailure } from './source-checks.ts'

/**
 * What a `contentType` function says of a path; unchecked.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` when it throws
 */
export function contentTypeFrom(contentType: (path: string) => unknown, path: string): unknown {
  try {
    const type = contentType(path)
    ignoreRejection(type)
    return type
  } catch (thrown) {
    throw foreignFailure('ERR_RANGE_OPTION', 'The contentType function', thrown)
  }
}

/**
 * What an `etag` function says of a file; unchecked. It may take any time, but not longer than somebody wants the answer.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` when it throws or rejects, or the signal is aborted
 */
export async function etagFrom<Facts>(
  etag: (facts: Facts) => unknown,
  facts: Facts,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await unlessGivenUp(etag(facts), signal)
  } catch (thrown) {
    throw foreignFailure('ERR_RANGE_OPTION', 'The etag function', thrown)
  }
}
