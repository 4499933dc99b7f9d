import { sep } from 'node:path'

/** One mounted file system. */
export interface Mount {
  /** Absolute, without a slash at the end. */
  readonly point: string
  /** The name of its type, as `ext4`. */
  readonly type: string
}

/** Reads the text of `/proc/self/mountinfo`, proc(5). The longest path is the first. */
export function parseMounts(text: string): Mount[] {
  const found = new Map<string, Mount>()
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const escaped = before.split(' ')[4]
    const type = after.split(' ')[0] ?? ''
    if (escaped === undefined) continue
    const point = decodeOctal(escaped).replace(/\/$/, '')
    // A later mount at the same path hides the earlier one.
    found.set(point, { point, type })
  }
  return [...found.values()].sort((a, b) => b.point.length - a.point.length)
}

/** The mount that holds a path, of a list that begins with the longest one. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts.find(({ point }) => isAtOrBelow(point, path))
}

/** The mounts through which a path leads, of a list that begins with the longest one. The first holds the path. */
export function mountsAlong(path: string, mounts: readonly Mount[]): Mount[] {
  return mounts.filter(({ point }) => isAtOrBelow(point, path))
}

function isAtOrBelow(point: string, path: string): boolean {
  return path.startsWith(point) && (path.length === point.length || path[point.length] === sep)
}

/** Spaces and backslashes are written as a backslash and three octal digits for each byte. */
function decodeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
