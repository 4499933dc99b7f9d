// The final name of a download, which no other download of the batch may have.
import type { FinalName } from '../claim/final-name.ts'
import type { PathEntry } from '../files/path-entry.ts'
import type { Output } from './destination.ts'
import type { PathHolder } from './taken-paths.ts'

/** Where a complete file goes, and for whom. */
export interface NamedOutput {
  readonly output: Output
  readonly holder: PathHolder
  /** What `Output.place()` has found, to be replaced; null if the name must be free. */
  readonly place: PathEntry | null
}

/** The name that the complete file gets, and how: nothing that another download of the batch has made is replaced. */
export function nameInTurn(
  { output, holder, place }: NamedOutput,
  file: Pick<FinalName, 'size' | 'mtime' | 'isRecorded' | 'warnings'>,
): FinalName {
  const target = place?.path ?? output.path
  const existing = place === null ? 'refuse' : 'replace'
  return {
    ...file,
    path: target,
    existing,
    previous: place?.kind === 'file' ? place.stats : null,
    inTurn: (stats, give) => holder.name({ path: output.path, target, stats, existing }, give),
  }
}
