import type { Representation } from './source.ts'

/** A representation that is a file of this machine, which another server can open by its name. */
export interface LocalFile {
  /**
   * The segments of its path below a root, without symbolic links. Undefined if no name below the root leads to this file
   * any more.
   *
   * @param root absolute
   */
  segmentsBelow(root: string): Promise<readonly string[] | undefined>
}

/** Whether a representation of this package is a file with a name. */
export function isLocalFile(representation: Representation): representation is Representation & LocalFile {
  return 'segmentsBelow' in representation
}
