import { open } from 'node:fs/promises'

/** What all file handles of this process share, to be watched or slowed down. Makes a file at `path` to get at it. */
export async function fileHandlePrototype<Methods extends object>(path: string): Promise<Methods> {
  const probe = await open(path, 'w')
  const prototype: Methods = Object.getPrototypeOf(probe)
  await probe.close()
  return prototype
}
