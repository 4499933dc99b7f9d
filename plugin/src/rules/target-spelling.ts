/** Whether `%2F` in a request's path is refused, or is data of a route parameter. */
export type EncodedSlashes = 'refuse' | 'allow'

/**
 * The spellings of a URL under which a file is served: those that every guard reads in the same way, one only, or all.
 */
export type TargetSpelling = 'check' | 'exact' | 'ignore'

// All of these are linear.
const NOT_PLAIN = /^[^/]|[%\\]|\/(?:\/|\.{1,2}(?:\/|$))/
// RFC 3986 §6.2.2.3: the segments "." and ".." "are intended only for use within relative references". Clients
// remove them. An encoded dot at the start of a segment hides such a segment, or a dotfile.
const DOT = /\/(?:%2e|\.{1,2}(?:\/|$)|\.%2e(?:\/|$))/i
const BACKSLASH = /%5c|\\/i
const ENCODED_SLASH = /%2f/i
// RFC 3986 §2.3: letters, digits, "-", "." and "_" "should not be created" encoded. "~" is left out, because old
// encoders encode it.
const ENCODED_UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f)/gi
// RFC 3986 §2.2: "URIs that differ in the replacement of a reserved character with its corresponding percent-encoded
// octet are not equivalent." These can be in a path in both forms, and routes can differ in them.
const ENCODED_RESERVED = /%(?:24|26|2b|2c|3a|3b|3d|40)/gi
const ENCODED_SEMICOLON = /%3b/i
const SEMICOLON = /;|%3b/i

/** How the router reads a semicolon: as data, or with `useSemicolonDelimiter` as the start of the query, as `?`. */
export type Semicolon = 'data' | 'delimiter'
const SLASHES = /\/{2,}/g
// RFC 9112 §3.2.2: "a server MUST accept the absolute-form in requests even though most HTTP/1.1 clients will only
// send the absolute-form to a proxy."
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]+/i

/** The path of a request target, not decoded. */
export function pathOf(target: string, semicolon: Semicolon = 'data'): string {
  const origin = originForm(target)
  const end = origin.search(semicolon === 'delimiter' ? /[?#;]/ : /[?#]/)
  return end === -1 ? origin : origin.slice(0, end)
}

/** What comes between the path of a request target and its fragment: nothing, or the query with the mark before it. */
export function queryOf(target: string, semicolon: Semicolon): string {
  const [query = ''] = originForm(target).slice(pathOf(target, semicolon).length).split('#')
  return query
}

function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(ABSOLUTE_FORM, '')
}

/** Whether nothing in a path could be spelled in another way. True for most paths. */
export function isPlain(path: string): boolean {
  return !NOT_PLAIN.test(path)
}

/** Whether a path has a `.` or `..` segment, or one that starts with an encoded dot. */
export function hasDotSegment(path: string): boolean {
  return DOT.test(path)
}

/**
 * Whether the last segment of a file's path is a segment of a URL, or of its parameters, apart from the extension. Then
 * the URL names the file.
 *
 * @param texts decoded
 */
export function namesFile(texts: readonly string[], file: string): boolean {
  const name = file.slice(file.lastIndexOf('/') + 1)
  return texts.some((text) => text.split('/').some((segment) => comparable(segment) === comparable(name)))
}

/** A name without its extension, for a comparison that ignores case and Unicode forms. */
function comparable(name: string): string {
  const dot = name.lastIndexOf('.')
  return (dot > 0 ? name.slice(0, dot) : name).normalize().toLowerCase()
}

/** Whether a path has an encoded slash. To a router it is data, to a file system it separates folders. */
export function hasEncodedSlash(path: string): boolean {
  return ENCODED_SLASH.test(path)
}

/**
 * Whether a hook that compares `request.url` reads the folders of a path rightly: there is no backslash, and before the
 * last segment no encoded letter, digit, `-`, `.` or `_`.
 */
export function hasPlainFolders(path: string): boolean {
  return !BACKSLASH.test(path) && path.slice(0, path.lastIndexOf('/')).search(ENCODED_UNRESERVED) === -1
}

/** Whether a path has two slashes in a row. A router can be configured to read them as one. */
export function hasEmptySegment(path: string): boolean {
  return path.includes('//')
}

/**
 * A path in the spelling in which routes are registered: the characters in which routes can differ are decoded. The
 * router decodes all others before it compares.
 */
export function asRegistered(path: string, semicolon: Semicolon = 'data'): string {
  return path.replace(ENCODED_RESERVED, (code) => plainOf(code, semicolon)).replace(SLASHES, '/')
}

/** The character of a code; the code itself if the character has no other spelling. */
function plainOf(code: string, semicolon: Semicolon): string {
  return semicolon === 'delimiter' && ENCODED_SEMICOLON.test(code) ? code : decodeURIComponent(code)
}

/** Whether a target has a semicolon, so that it matters how the router reads it. */
export function hasSemicolon(target: string): boolean {
  return SEMICOLON.test(target)
}

/** Whether a folder of a path has an encoded character in which routes can differ. */
export function hasReservedFolder(path: string): boolean {
  return path.slice(0, path.lastIndexOf('/')).search(ENCODED_RESERVED) !== -1
}

/**
 * A path with an encoded `@` for each encoded letter, digit, `-`, `.` and `_` of its folders. The text of a route does
 * not match it, and a parameter does.
 */
export function withUnreservedReplaced(path: string): string {
  const name = path.lastIndexOf('/')
  return path.slice(0, name).replace(ENCODED_UNRESERVED, '%40') + path.slice(name)
}

/** Whether a target is what `encodeURI` makes of its decoded path, with `#`, `?` and a delimiting `;` encoded too. */
export function isExactTarget(target: string, semicolon: Semicolon = 'data'): boolean {
  const path = pathOf(target, semicolon)
  if (!target.startsWith('/') || hasEmptySegment(path)) return false
  try {
    const exact = encodeURI(decodeURIComponent(path)).replaceAll('#', '%23').replaceAll('?', '%3F')
    return (semicolon === 'delimiter' ? exact.replaceAll(';', '%3B') : exact) === path
  } catch {
    return false
  }
}

/** The decoded text of a path. A path that cannot be decoded, as middleware may leave it, stays as it is. */
export function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
