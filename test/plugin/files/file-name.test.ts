import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { segmentsBelow } from '#plugin/files/file-name.js'
import type { OpenFile } from '#plugin/files/open-file.js'
import { openFile } from '#plugin/files/open-regular-file.js'
import { isRefusal } from '#plugin/rules/refusal.js'

async function opened(t: Test, root: string, name: string): Promise<OpenFile> {
  const file = await openFile({ root, path: join(root, name) })
  if (isRefusal(file)) throw new Error(file)
  t.teardown(() => file.release())
  return file
}

t.test('the name of an open file has no symbolic links, also if the root is one', async (t) => {
  const folder = t.testdir({ release: { 'a.txt': 'a', sub: { 'b.txt': 'b' } } })
  const root = join(folder, 'current')
  symlinkSync('release', root)
  symlinkSync('a.txt', join(root, 'link.txt'))
  symlinkSync('sub', join(root, 'folder'))
  t.strictSame(await segmentsBelow(root, await opened(t, root, 'a.txt')), ['a.txt'])
  t.strictSame(await segmentsBelow(root, await opened(t, root, 'link.txt')), ['a.txt'])
  t.strictSame(await segmentsBelow(root, await opened(t, root, 'folder/b.txt')), ['sub', 'b.txt'])
  t.equal(await segmentsBelow(join(folder, 'absent'), await opened(t, root, 'a.txt')), undefined)
  t.equal(
    await segmentsBelow(join(root, 'sub'), await opened(t, root, 'a.txt')),
    undefined,
    'not below that root',
  )
})

t.test('a file that has lost its name has none, whatever has the name now', async (t) => {
  const root = t.testdir({ 'removed.txt': 'a', 'moved.txt': 'a', 'replaced.txt': 'a', 'linked.txt': 'a' })
  symlinkSync('/etc/passwd', join(root, 'outside'))
  const names = ['removed.txt', 'moved.txt', 'replaced.txt', 'linked.txt']
  const files = await Promise.all(names.map((name) => opened(t, root, name)))
  rmSync(join(root, 'removed.txt'))
  renameSync(join(root, 'moved.txt'), join(root, 'elsewhere.txt'))
  writeFileSync(join(root, 'new.txt'), 'other')
  renameSync(join(root, 'new.txt'), join(root, 'replaced.txt'))
  renameSync(join(root, 'outside'), join(root, 'linked.txt'))
  for (const [at, file] of files.entries())
    t.equal(await segmentsBelow(root, file), undefined, `${names[at]}`)
})

t.test(
  'a file that was removed before its name was known is not taken for one with ` (deleted)`',
  async (t) => {
    const root = t.testdir({ 'a.txt': 'a', 'a.txt (deleted)': 'private' })
    const { version } = await opened(t, root, 'a.txt')
    rmSync(join(root, 'a.txt'))
    t.equal(await segmentsBelow(root, { realPath: join(root, 'a.txt (deleted)'), version }), undefined)
  },
)
