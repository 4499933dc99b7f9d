/** Whether `%2F` in a request's path is refused, or is data of a route parameter. */
export type EncodedSlashes = 'refuse' | 'allow'

/** Which spellings of a URL a file is served under: those that no guard tells apart, one alone, or any. */
export type TargetSpelling = 'check' | 'exact' | 'ignore'

// Anchored and linear, all of them: what makes a second spelling stands right behind a slash, or is one encoded.
const NOT_PLAIN = /^[^/]|[%\\]|\/(?:\/|\.{1,2}(?:\/|$))/
// RFC 3986 §6.2.2.3: "The "." and ".." segments are intended only for use within relative references". Clients take
// them away. An encoded dot at the start of a segment hides one, or a dotfile.
const DOT = /\/(?:%2e|\.{1,2}(?:\/|$)|\.%2e(?:\/|$))/i
const BACKSLASH = /%5c|\\/i
const ENCODED_SLASH = /%2f/i
// RFC 3986 §2.3: letters, digits, "-", "." and "_" "should not be created" encoded. Not "~", which old encoders escape.
const ENCODED_UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f)/gi
// RFC 3986 §2.2: "URIs that differ in the replacement of a reserved character with its corresponding percent-encoded
// octet are not equivalent." These are the ones that can stand in a path both ways, and routes are told apart by them.
const ENCODED_RESERVED = /%(?:24|26|2b|2c|3a|3b|3d|40)/gi
const ENCODED_SEMICOLON = /%3b/i

/** What a semicolon is to the router: data, or with its `useSemicolonDelimiter` the start of the query, as `?` is. */
export type Semicolon = 'data' | 'delimiter'
const SLASHES = /\/{2,}/g
// RFC 9112 §3.2.2: "a server MUST accept the absolute-form in requests even though most HTTP/1.1 clients will only
// send the absolute-form to a proxy."
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]+/i

/** The path of a request target, as it is spelled there. */
export function pathOf(target: string): string {
  const origin = target.startsWith('/') ? target : target.replace(ABSOLUTE_FORM, '')
  const end = origin.search(/[?#]/)
  return end === -1 ? origin : origin.slice(0, end)
}

/** Whether a path has nothing in it that could be spelled in another way, as most have. */
export function isPlain(path: string): boolean {
  return !NOT_PLAIN.test(path)
}

/** Whether a path has a `.` or `..` segment, or one that starts with an encoded dot. */
export function hasDotSegment(path: string): boolean {
  return DOT.test(path)
}

/**
 * Whether the last segment of a file's path is one of a URL, or of its parameters, whatever their extensions: the URL
 * names the file.
 *
 * @param texts decoded
 */
export function namesFile(texts: readonly string[], file: string): boolean {
  const name = file.slice(file.lastIndexOf('/') + 1)
  return texts.some((text) => text.split('/').some((segment) => comparable(segment) === comparable(name)))
}

/** A name without its extension, as one that ignores case and Unicode forms compares it. */
function comparable(name: string): string {
  const dot = name.lastIndexOf('.')
  return (dot > 0 ? name.slice(0, dot) : name).normalize().toLowerCase()
}

/** Whether a slash in a path is encoded: data to a router, a folder to a file system. */
export function hasEncodedSlash(path: string): boolean {
  return ENCODED_SLASH.test(path)
}

/**
 * Whether the path of a URL that names the file has folders that no hook takes for others, where it compares
 * `request.url`: no backslash, and before the last segment no letter, digit, `-`, `.` or `_` encoded.
 */
export function hasPlainFolders(path: string): boolean {
  return !BACKSLASH.test(path) && path.slice(0, path.lastIndexOf('/')).search(ENCODED_UNRESERVED) === -1
}

/** Whether a path has two slashes next to each other, which a router may be told to take for one. */
export function hasEmptySegment(path: string): boolean {
  return path.includes('//')
}

/**
 * The spelling of a path that a guard is registered for: what routes tell apart, decoded. What else can be encoded the
 * router decodes before it compares.
 */
export function asRegistered(path: string, semicolon: Semicolon = 'data'): string {
  return path.replace(ENCODED_RESERVED, (code) => plainOf(code, semicolon)).replace(SLASHES, '/')
}

/** What a code stands for, unless it is the only spelling of that. */
function plainOf(code: string, semicolon: Semicolon): string {
  return semicolon === 'delimiter' && hasEncodedSemicolon(code) ? code : decodeURIComponent(code)
}

/** Whether a semicolon in a path is encoded. */
export function hasEncodedSemicolon(path: string): boolean {
  return ENCODED_SEMICOLON.test(path)
}

/** Whether a folder of a path has a character encoded by which routes are told apart. */
export function hasReservedFolder(path: string): boolean {
  return path.slice(0, path.lastIndexOf('/')).search(ENCODED_RESERVED) !== -1
}

/**
 * A path with another character for each encoded letter, digit, `-`, `.` and `_` of its folders: one that is encoded and
 * that no text of a route matches, but a parameter does.
 */
export function withUnreservedReplaced(path: string): string {
  const name = path.lastIndexOf('/')
  return path.slice(0, name).replace(ENCODED_UNRESERVED, '%40') + path.slice(name)
}

/** Whether a target is what `encodeURI` makes of its decoded path, with `#`, `?` and a `;` that delimits encoded too. */
export function isExactTarget(target: string, semicolon: Semicolon = 'data'): boolean {
  const [beforeSemicolon = ''] = pathOf(target).split(';')
  const path = semicolon === 'delimiter' ? beforeSemicolon : pathOf(target)
  if (!target.startsWith('/') || hasEmptySegment(path)) return false
  try {
    const exact = encodeURI(decodeURIComponent(path)).replaceAll('#', '%23').replaceAll('?', '%3F')
    return (semicolon === 'delimiter' ? exact.replaceAll(';', '%3B') : exact) === path
  } catch {
    return false
  }
}

/** The text that a path is an encoding of. What is not encoded text, as middleware may leave it, stands for itself. */
export function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
