/** Whether `%2F` in a request's path is refused, or is data of a route parameter. */
export type EncodedSlashes = 'refuse' | 'allow'

// Anchored and linear: what makes a second spelling stands right behind a slash, or is one encoded.
const EMPTY_OR_DOT_SEGMENT = /\/(?:\/|(?:\.|%2e){1,2}(?:\/|$))/i
const ENCODED_BACKSLASH = /%5c|\\/i
const ENCODED_SLASH = /%2f/i
// RFC 3986 §2.3: letters, digits, "-", "." and "_" "should not be created" encoded, and no client does. Not "~", which
// old encoders escape.
const ENCODED_UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f)/i
// RFC 9112 §3.2.2: "a server MUST accept the absolute-form in requests even though most HTTP/1.1 clients will only
// send the absolute-form to a proxy."
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]+/i

/**
 * Whether a request target spells its path in the one way that a file is served under. A route guard sees the
 * target as it was sent, so a second spelling of the same file (encoded slash or backslash, empty or dot segments,
 * encoded letters) would walk around it.
 *
 * @param target path and query, as received
 */
export function isCanonicalTarget(target: string, encodedSlashes: EncodedSlashes): boolean {
  const origin = target.startsWith('/') ? target : target.replace(ABSOLUTE_FORM, '')
  const query = origin.indexOf('?')
  const path = query === -1 ? origin : origin.slice(0, query)
  if (EMPTY_OR_DOT_SEGMENT.test(path) || ENCODED_BACKSLASH.test(path)) return false
  if (ENCODED_UNRESERVED.test(path)) return false
  return encodedSlashes === 'allow' || !ENCODED_SLASH.test(path)
}
