/** Whether `%2F` in a request's path is refused, or is data of a route parameter. */
export type EncodedSlashes = 'refuse' | 'allow'

// Anchored and linear: what makes a second spelling stands right behind a slash, or is one encoded.
const EMPTY_OR_DOT_SEGMENT = /\/(?:\/|(?:\.|%2e){1,2}(?:\/|$))/i
const ENCODED_BACKSLASH = /%5c|\\/i
const ENCODED_SLASH = /%2f/i

/**
 * Whether a request target spells its path in the one way that a file is served under. A route guard sees the
 * target as it was sent, so a second spelling of the same file (encoded slash or backslash, empty or dot segments)
 * would walk around it.
 *
 * @param target path and query, as received
 */
export function isCanonicalTarget(target: string, encodedSlashes: EncodedSlashes): boolean {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  if (EMPTY_OR_DOT_SEGMENT.test(path) || ENCODED_BACKSLASH.test(path)) return false
  return encodedSlashes === 'allow' || !ENCODED_SLASH.test(path)
}
