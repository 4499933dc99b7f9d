// The names of files that are there only while a run is at work. All are made here: FILE.STAGE.ID. Pure.
import { basename } from 'node:path'
import { isToken } from './run-token.ts'

/**
 * What a temporary file is.
 *
 * - `'new'`: it becomes the file FILE once all of it is written
 * - `'done'`: a complete part file, in the instant before it gets its final name
 * - `'old'`: the lock of a run that has ended, while it is cleared away
 * - `'now'`: it asks the file system for the time
 */
export type Stage = 'new' | 'done' | 'old' | 'now'

/** A name taken apart. */
export interface TemporaryName {
  /** The file that it is beside, without its directory. */
  readonly file: string
  readonly stage: Stage
  /** The ID of the run that uses it, alone; see `run-token.ts`. */
  readonly token: string
}

/** The path of a temporary file beside `path`. */
export function temporaryPath(path: string, stage: Stage, token: string): string {
  return `${path}.${stage}.${token}`
}

/** Takes apart the name of a temporary file; null where it is the name of another file. */
export function readTemporaryName(path: string): TemporaryName | null {
  const [, file, stage, token] = /^(.+)\.(new|done|old|now)\.([^.]+)$/s.exec(basename(path)) ?? []
  if (file === undefined || token === undefined || !isToken(token)) return null
  return { file, stage: stage as Stage, token }
}
