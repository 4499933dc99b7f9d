import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { SendRangeError, systemCode } from '../errors.ts'
import { isRemote } from './storage.ts'

/** What a root leads to: `unknown` where the system does not say, or not in time. */
export type RootKind = 'folder' | 'no folder' | 'missing' | 'unknown'

/** Ms that a registration waits for an answer about its root: a network file system may give none. */
const MAX_WAIT_MS = 2000

/** Looks at what lies at a path. Symlinks are followed. */
export async function rootKindOf(root: string): Promise<RootKind> {
  try {
    return (await stat(root)).isDirectory() ? 'folder' : 'no folder'
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '') ? 'missing' : 'unknown'
  }
}

/** The failure of a root that is a file. The path is in the cause, since the message may be sent to clients. */
export function rootIsNoFolder(root: string): SendRangeError {
  return new SendRangeError('ERR_RANGE_OPTION', "The option 'root' must name a folder", {
    cause: new Error(`${root} is not a folder`),
  })
}

/**
 * Checks a root without waiting. One on a storage that may give no answer is not looked at.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for a root that is a file
 */
export function assertFolder(root: string): void {
  if (isRemote(root)) return
  let isFile = false
  try {
    isFile = statSync(root, { throwIfNoEntry: false })?.isDirectory() === false
  } catch {
    // What cannot be looked at now is looked at again by each request.
  }
  if (isFile) throw rootIsNoFolder(root)
}

/** Where to report a root that may come later, and how to look at it. */
export interface RootCheck {
  readonly log: FastifyBaseLogger
  readonly look?: typeof rootKindOf
  /** Ms. */
  readonly maxWait?: number
}

/**
 * Checks the root of a registration. One that is not there is a warning: it may come later.
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
  if (kind === 'unknown') log.warn({ root }, 'The root of sendRange cannot be looked at')
}
