import type { Refusal } from './refusal.ts'

/** What to do with a path that has a segment starting with a dot: as if absent, refuse with 403, or serve. */
export type Dotfiles = 'ignore' | 'deny' | 'allow'

/** `segments` are safe to join to the root. */
export type ResolvedPath =
  | { readonly kind: 'inside'; readonly segments: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: Refusal }

// Such a name cannot be encoded as UTF-8: the file system would look for another name.
const LONE_SURROGATE = /\p{Surrogate}/u

const MAX_PATH_BYTES = 4096
const MAX_SEGMENT_BYTES = 255

/**
 * Checks a decoded path that is relative to a root, without the file system. Nothing is normalised. A path that would
 * need it (an empty, `.` or `..` segment, a leading or trailing slash, a backslash) is refused, so that one file has
 * one name.
 */
export function resolvePath(path: string, dotfiles: Dotfiles): ResolvedPath {
  const unreadable = whyUnreadable(path)
  if (unreadable !== undefined) return refused(unreadable)
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return refused('too-long')
  const segments = path.split('/')
  if (segments.includes('..')) return refused('outside-root')
  if (path.startsWith('/')) return refused('leading-slash')
  if (path.endsWith('/')) return refused('trailing-slash')
  if (segments.includes('')) return refused('empty-segment')
  if (segments.includes('.')) return refused('dot-segment')
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) return refused('too-long')
  if (process.platform === 'win32' && segments.some(isWindowsSpecial)) return refused('windows-name')
  if (dotfiles !== 'allow' && segments.some((segment) => segment.startsWith('.'))) {
    return refused(dotfiles === 'deny' ? 'dotfile-denied' : 'dotfile')
  }
  return { kind: 'inside', segments }
}

function whyUnreadable(path: string): Refusal | undefined {
  if (path === '') return 'empty-path'
  if (path.includes('\0')) return 'nul'
  // On Windows a backslash separates, and proxies may take it for a slash on every system.
  if (path.includes('\\')) return 'backslash'
  return LONE_SURROGATE.test(path) ? 'lone-surrogate' : undefined
}

function refused(reason: Refusal): ResolvedPath {
  return { kind: 'refused', reason }
}

/** Drive letters, alternate data streams, and the trailing dot or space that Windows drops from a name. */
function isWindowsSpecial(segment: string): boolean {
  return segment.includes(':') || /[. ]$/.test(segment)
}
