import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { SendRangeError, systemCode } from '../errors.ts'
import { isRemote } from './local-file-systems.ts'

/** What a root is. `unknown`: the system does not say so, or not in time. */
export type RootKind = 'folder' | 'no folder' | 'missing' | 'unknown'

/** How long a registration waits for the kind of its root, in ms. A network file system may not answer. */
const MAX_WAIT_MS = 2000

/** Finds out what a path leads to. Symlinks are followed. */
export async function rootKindOf(root: string): Promise<RootKind> {
  try {
    return (await stat(root)).isDirectory() ? 'folder' : 'no folder'
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '') ? 'missing' : 'unknown'
  }
}

/** The error of a root that is a file. The path is in the cause, since the message may be sent to clients. */
export function rootIsNoFolder(root: string): SendRangeError {
  return new SendRangeError('ERR_RANGE_OPTION', "The option 'root' must name a folder", {
    cause: new Error(`${root} is not a folder`),
  })
}

/**
 * Checks a root without waiting. A root on a storage that may not answer is not checked.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for a root that is a file
 */
export function assertFolder(root: string): void {
  if (isRemote(root)) return
  let isFile = false
  try {
    isFile = statSync(root, { throwIfNoEntry: false })?.isDirectory() === false
  } catch {
    // Each request checks it again.
  }
  if (isFile) throw rootIsNoFolder(root)
}

/** Where to report a root that may come later, and how to check it. */
export interface RootCheck {
  readonly log: FastifyBaseLogger
  readonly look?: typeof rootKindOf
  /** In ms. */
  readonly maxWait?: number
}

/**
 * Checks the root of a registration. A root that does not exist is a warning, since it may come later.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for a root that is a file
 */
export async function checkRoot(root: string, check: RootCheck): Promise<void> {
  const { log, look = rootKindOf, maxWait = MAX_WAIT_MS } = check
  const timer = new AbortController()
  const late = sleep(maxWait, 'unknown' as const, { signal: timer.signal }).catch(() => 'unknown' as const)
  const kind = await Promise.race([look(root), late])
  timer.abort()
  if (kind === 'no folder') throw rootIsNoFolder(root)
  if (kind === 'missing')
    log.warn({ root }, 'The root of sendRange is not there: requests get 404 until it is')
  if (kind === 'unknown') log.warn({ root }, 'The root of sendRange cannot be checked')
}
