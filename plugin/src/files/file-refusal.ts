import type { BigIntStats } from 'node:fs'
import type { Refusal } from '../rules/refusal.ts'

const BY_CODE: ReadonlyMap<string, Refusal> = new Map([
  ['ENOENT', 'missing'],
  ['ENOTDIR', 'missing'],
  ['EINVAL', 'missing'],
  ['ENAMETOOLONG', 'too-long'],
  ['ELOOP', 'link-loop'],
  ['EISDIR', 'folder'],
  ['ENXIO', 'socket'],
  ['ENODEV', 'device'],
])

/** Why nothing can be served under a path, from the code of a system error; undefined for every other error. */
export function refusalOfCode(code: string): Refusal | undefined {
  return BY_CODE.get(code)
}

/** The kind of something that is not a regular file. */
export function refusalOfKind(stats: BigIntStats): Refusal {
  if (stats.isDirectory()) return 'folder'
  if (stats.isFIFO()) return 'fifo'
  return stats.isSocket() ? 'socket' : 'device'
}
