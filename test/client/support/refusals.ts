// File systems that refuse what others offer, played by hooks: the real ones need drivers that few machines have.
import promises, { open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'

/** What can be refused: functions of `node:fs/promises`, methods of a file handle. */
export type Refusable = 'link' | 'statfs' | 'utimes' | 'chmod' | 'chown' | 'sync' | 'datasync'

/** An error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused by a test`), { code })
}

/** Puts `hook` in the place of a function of `node:fs/promises`. Returns what undoes it. */
export function hookFunction(
  name: 'link' | 'statfs' | 'open' | 'rename' | 'unlink' | 'readdir',
  hook: (...args: unknown[]) => Promise<unknown>,
): () => void {
  const own = promises[name]
  Object.assign(promises, { [name]: hook })
  syncBuiltinESMExports()
  return () => {
    Object.assign(promises, { [name]: own })
    syncBuiltinESMExports()
  }
}

/** Runs `before` before a method of every file handle; what it throws, the method throws. Returns what undoes it. */
export async function hookHandles(name: string, before: () => void): Promise<() => void> {
  const probe = await open(tmpdir(), 'r')
  const prototype = Object.getPrototypeOf(probe)
  await probe.close()
  const own = prototype[name]
  prototype[name] = async function (...args: unknown[]) {
    before()
    return await own.apply(this, args)
  }
  return () => {
    prototype[name] = own
  }
}

/** Has the system refuse `what` with `code`. Returns what undoes it. */
export async function refuse(what: Refusable, code: string): Promise<() => void> {
  const fail = (): never => {
    throw systemError(code)
  }
  if (what === 'link' || what === 'statfs') return hookFunction(what, async () => fail())
  return await hookHandles(what, fail)
}
