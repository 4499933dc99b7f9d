// A copy of the repository outside of it.
import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { REPOSITORY } from '../../support/repository.ts'
import { readManifest, workspaces } from '../fields/shared-fields.ts'
import { emptyFolder, PACKAGES, run } from './package-user.ts'

/** `'clean'`: nothing is built, like a fresh clone after `npm ci`. `'built'`: as it is built now. */
export type TreeState = 'clean' | 'built'

const NEVER_COPIED = ['node_modules', '.git', '.tap', '.data']
const BUILT = ['.build', 'dist']

/** Links what is installed. The packages of the workspace are those of the copy. */
async function linkModules(copy: string): Promise<void> {
  const modules = join(copy, 'node_modules')
  await mkdir(modules)
  const folders = new Map(workspaces().map((folder) => [String(readManifest(folder)['name']), folder]))
  for (const name of await readdir(join(REPOSITORY, 'node_modules'))) {
    const folder = folders.get(name)
    await symlink(join(folder ? copy : REPOSITORY, folder ?? `node_modules/${name}`), join(modules, name))
  }
  for (const folder of PACKAGES)
    await symlink(join(REPOSITORY, folder, 'node_modules'), join(copy, folder, 'node_modules'))
}

/** Copies the repository into a new folder, which is removed after the test. */
export async function copyTree(t: Test, state: TreeState): Promise<string> {
  // Not in t.testdir(): that is in the repository, and no folder can be copied into itself.
  const copy = await emptyFolder()
  t.teardown(async () => {
    await run(copy, 'chmod', '-R', 'u+w', '.') // a test may have locked it
    await rm(copy, { recursive: true, force: true })
  })
  const skipped = new Set(state === 'clean' ? [...NEVER_COPIED, ...BUILT] : NEVER_COPIED)
  const filter = (path: string): boolean => !skipped.has(basename(path))
  await cp(REPOSITORY, copy, { recursive: true, preserveTimestamps: true, filter })
  await linkModules(copy)
  return copy
}
