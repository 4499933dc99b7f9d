// The steps that a run takes on the disk: each call that makes, moves, links, removes or writes something there.
import fs, { constants, existsSync } from 'node:fs'
import promises, { open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'

const FUNCTIONS = ['open', 'link', 'rename', 'unlink', 'mkdir'] as const
const METHODS = ['write', 'writeFile', 'truncate'] as const

/** Whether a call changes nothing: a kill after it is the same as one before it. */
function isIdle(name: string, [path, flags]: readonly unknown[]): boolean {
  if (name === 'unlink') return !existsSync(String(path))
  if (name === 'mkdir') return existsSync(String(path))
  if (name !== 'open') return false
  return typeof flags === 'number' ? (flags & constants.O_CREAT) === 0 : !String(flags).startsWith('w')
}

/** Reports every step to `before`, before it is taken: the function's name, and its arguments where it has paths. */
export async function hookSteps(before: (name: string, args: readonly unknown[]) => void): Promise<void> {
  const probe = await open(tmpdir(), 'r')
  const prototype = Object.getPrototypeOf(probe)
  await probe.close()
  for (const name of FUNCTIONS) {
    const own: unknown = promises[name]
    if (typeof own !== 'function') continue
    Object.assign(promises, {
      [name]: async (...args: unknown[]) => {
        if (!isIdle(name, args)) before(name, args)
        return await Reflect.apply(own, promises, args)
      },
    })
  }
  const { openSync } = fs
  fs.openSync = (...args) => {
    if (!isIdle('open', args)) before('openSync', args)
    return openSync(...args)
  }
  syncBuiltinESMExports()
  for (const name of METHODS) {
    const own = prototype[name]
    prototype[name] = async function (...args: unknown[]) {
      before(name, [])
      return await own.apply(this, args)
    }
  }
}
