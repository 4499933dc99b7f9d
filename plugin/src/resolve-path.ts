/** What to do with a path that has a segment starting with a dot: as if absent, refuse with 403, or serve. */
export type Dotfiles = 'ignore' | 'deny' | 'allow'

/** `segments` are safe to join to the root; the rest says why a path is refused. */
export type ResolvedPath =
  | { readonly kind: 'inside'; readonly segments: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: 'invalid' | 'outside' | 'dotfile' | 'absent' }

// A name that is no text: it would be written to disk as something else than what was asked.
const LONE_SURROGATE = /\p{Surrogate}/u

const MAX_PATH_BYTES = 4096
const MAX_SEGMENT_BYTES = 255

/**
 * Checks a decoded path that is relative to a root, without touching the file system. Nothing is normalised: a path
 * that would need it (an empty, `.` or `..` segment, a leading or trailing slash, a backslash) is refused, so that
 * one file has one name.
 */
export function resolvePath(path: string, dotfiles: Dotfiles): ResolvedPath {
  // A backslash separates on Windows, and proxies in front may take it for a slash anywhere.
  if (path === '' || path.includes('\0') || path.includes('\\') || LONE_SURROGATE.test(path)) {
    return refused('invalid')
  }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return refused('absent')
  const segments = path.split('/')
  if (segments.includes('..')) return refused('outside')
  if (segments.some((segment) => segment === '' || segment === '.')) return refused('absent')
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) return refused('absent')
  if (process.platform === 'win32' && segments.some(isWindowsSpecial)) return refused('invalid')
  if (dotfiles !== 'allow' && segments.some((segment) => segment.startsWith('.'))) {
    return refused(dotfiles === 'deny' ? 'dotfile' : 'absent')
  }
  return { kind: 'inside', segments }
}

function refused(reason: 'invalid' | 'outside' | 'dotfile' | 'absent'): ResolvedPath {
  return { kind: 'refused', reason }
}

/** Drive letters, alternate data streams, and the trailing dot or space that Windows drops from a name. */
function isWindowsSpecial(segment: string): boolean {
  return segment.includes(':') || /[. ]$/.test(segment)
}
