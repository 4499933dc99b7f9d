// A copy of the repository in which nothing is built, like a fresh clone after `npm ci`.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readManifest } from './fields/shared-fields.ts'
import { PACKAGES, run } from './support/package-user.ts'
import { copyTree } from './support/tree-copy.ts'

// It builds everything twice.
t.setTimeout(300_000)

/** What a package promises: the files that `exports` and `bin` of its package.json name. */
function promised(folder: string): string[] {
  const { exports, bin = {} } = readManifest(folder)
  const named = JSON.stringify([exports, bin]).matchAll(/"(?:\.\/)?(dist\/[^"]+)"/g)
  return [...named].map(([, path = '']) => `package/${path}`)
}

t.test(
  'a pack from a tree that is not built is complete, and contains nothing of an earlier build',
  async (t) => {
    const copy = await copyTree(t, 'clean')
    for (const folder of PACKAGES) {
      await mkdir(join(copy, folder, 'dist'), { recursive: true })
      await writeFile(join(copy, folder, 'dist/stale.js'), '')
    }
    const chosen = PACKAGES.flatMap((folder) => ['-w', folder])
    const printed = await run(copy, 'npm', 'pack', '--silent', ...chosen)
    const tarballs = printed.split('\n').filter((line) => line.endsWith('.tgz'))
    t.equal(tarballs.length, PACKAGES.length)
    for (const [index, folder] of PACKAGES.entries()) {
      const files = (await run(copy, 'tar', '-tzf', tarballs[index] ?? '')).split('\n')
      t.not(promised(folder).length, 0, folder)
      for (const path of promised(folder)) t.ok(files.includes(path), `${folder}: ${path}`)
      t.notOk(files.includes('package/dist/stale.js'), folder)
    }
    const args = ['pack', '-w', 'demo-server', '--dry-run', '--ignore-scripts', '--json']
    const [{ files }] = JSON.parse(await run(copy, 'npm', ...args))
    const names = files.map(({ path }: { path: string }) => path)
    for (const path of [
      'dist/main.js',
      'dist/page/js/range-get-rules.js',
      'public/index.html',
      'files/2.txt',
    ])
      t.ok(names.includes(path), `demo-server: ${path}`)
  },
)
