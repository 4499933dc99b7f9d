import { relative, sep } from 'node:path'
import type { FileVersion } from './file-version.ts'
import { operationsOn } from './local-file-systems.ts'
import { isBelow, isExact, leadsElsewhere, realPathOf } from './real-path.ts'

/** What is known of an open file. */
export interface NamedFile {
  /** With symlinks followed. Linux adds ` (deleted)` to the path of a file that was removed. */
  readonly realPath: string
  readonly version: FileVersion
}

/**
 * The segments of the path of a file below a root, without symlinks. Undefined if the path leads to another file by now,
 * is not below the root, or cannot be written as text.
 *
 * @param root absolute
 */
export async function segmentsBelow(
  root: string,
  { realPath, version }: NamedFile,
): Promise<readonly string[] | undefined> {
  const operations = operationsOn(root)
  const realRoot = await operations.run(() => realPathOf(root)).catch(() => undefined)
  if (realRoot === undefined || !isBelow(realRoot, realPath) || !isExact(realPath)) return undefined
  if (await operations.run(() => leadsElsewhere(realPath, version))) return undefined
  return relative(realRoot, realPath).split(sep)
}
