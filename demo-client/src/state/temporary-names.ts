// The names of the temporary files of a run. All are made here: FILE.STAGE.TOKEN. Pure.
import { basename } from 'node:path'
import { isToken } from './run-token.ts'

/**
 * What a temporary file is.
 *
 * - `'new'`: a draft, which becomes FILE when it is complete
 * - `'done'`: a complete part file, just before it gets its final name
 * - `'old'`: the lock of a run that has ended, while it is cleared
 * - `'now'`: an empty file whose date is the file system's time
 */
export type Stage = 'new' | 'done' | 'old' | 'now'

/** The parts of a name. */
export interface TemporaryName {
  /** The name of the file that it is made for. */
  readonly file: string
  readonly stage: Stage
  /** The token of the only run that uses it; see `run-token.ts`. */
  readonly token: string
}

/** The path of a temporary file beside `path`. */
export function temporaryPath(path: string, stage: Stage, token: string): string {
  return `${path}.${stage}.${token}`
}

/** The parts of the name of a temporary file; null for another name. */
export function readTemporaryName(path: string): TemporaryName | null {
  const [, file, stage, token] = /^(.+)\.(new|done|old|now)\.([^.]+)$/s.exec(basename(path)) ?? []
  if (file === undefined || token === undefined || !isToken(token)) return null
  return { file, stage: stage as Stage, token }
}
