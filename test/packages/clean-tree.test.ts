// A copy of the repository in which nothing is built, like a fresh clone after `npm ci`.
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { readManifest, workspaces } from './fields/shared-fields.ts'
import { emptyFolder, PACKAGES, run } from './support/package-user.ts'

// It builds everything twice.
t.setTimeout(300_000)

const NOT_COPIED = new Set(['node_modules', '.git', '.build', '.tap', '.data', 'dist'])

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

async function cleanCopy(t: Test): Promise<string> {
  // Not in t.testdir(): that is in the repository, and no folder can be copied into itself.
  const copy = await emptyFolder()
  t.teardown(() => rm(copy, { recursive: true, force: true }))
  await cp(REPOSITORY, copy, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) })
  await linkModules(copy)
  return copy
}

/** What a package promises: the files that `exports` and `bin` of its package.json name. */
function promised(folder: string): string[] {
  const { exports, bin = {} } = readManifest(folder)
  const named = JSON.stringify([exports, bin]).matchAll(/"(?:\.\/)?(dist\/[^"]+)"/g)
  return [...named].map(([, path = '']) => `package/${path}`)
}

t.test(
  'a pack from a tree that is not built is complete, and contains nothing of an earlier build',
  async (t) => {
    const copy = await cleanCopy(t)
    for (const folder of PACKAGES) {
      await mkdir(join(copy, folder, 'dist'), { recursive: true })
      await writeFile(join(copy, folder, 'dist/stale.js'), '')
    }
    const args = PACKAGES.flatMap((folder) => ['-w', folder])
    const printed = await run(copy, 'npm', 'pack', '--silent', ...args)
    const tarballs = printed.split('\n').filter((line) => line.endsWith('.tgz'))
    t.equal(tarballs.length, PACKAGES.length)
    for (const [index, folder] of PACKAGES.entries()) {
      const files = (await run(copy, 'tar', '-tzf', tarballs[index] ?? '')).split('\n')
      t.not(promised(folder).length, 0, folder)
      for (const path of promised(folder)) t.ok(files.includes(path), `${folder}: ${path}`)
      t.notOk(files.includes('package/dist/stale.js'), folder)
    }
  },
)
