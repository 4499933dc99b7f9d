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
  for (const { point, type } of linesOf(text)) {
    // A later mount at the same path hides the earlier one.
    found.set(point, { point, type })
  }
  return [...found.values()].sort((a, b) => b.point.length - a.point.length)
}

/** The types of all mounts of such a text, also of hidden ones, by the numbers of the mounts. */
export function parseMountTypes(text: string): ReadonlyMap<number, string> {
  return new Map(linesOf(text).map(({ id, type }) => [id, type]))
}

interface Line extends Mount {
  readonly id: number
}

function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [id, , , , escaped] = before.split(' ')
    if (escaped === undefined) return []
    return [
      { id: Number(id), point: decodeOctal(escaped).replace(/\/$/, ''), type: after.split(' ')[0] ?? '' },
    ]
  })
}

/** The mount that holds a path, of a list that begins with the longest one. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts.find(({ point }) => isAtOrBelow(point, path))
}

function isAtOrBelow(point: string, path: string): boolean {
  return path.startsWith(point) && (path.length === point.length || path[point.length] === sep)
}

/** Spaces and backslashes are written as a backslash and three octal digits for each byte. */
function decodeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
