// Files without a name.
import fs, { readdirSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import t, { type Test } from 'tap'
import { openUnnamed } from '#client/files/unnamed-file.js'

const { promises } = fs

/** Replaces functions of `node:fs/promises` until the test ends. */
function replace(t: Test, functions: Partial<typeof promises>): void {
  const { open, rm } = promises
  Object.assign(promises, functions)
  syncBuiltinESMExports()
  t.teardown(() => {
    Object.assign(promises, { open, rm })
    syncBuiltinESMExports()
  })
}

const refusing: typeof promises.open = async (path, flags, mode) => {
  if (typeof flags === 'number') throw Object.assign(new Error('no such files here'), { code: 'EOPNOTSUPP' })
  return await real(path, flags, mode)
}
const real = promises.open

for (const [name, functions] of [
  ['here', {}],
  ['on a file system where each file has a name at first', { open: refusing }],
] as const)
  t.test(`a file that can be written and read, and that no folder shows (${name})`, async (t) => {
    const directory = t.testdir({})
    replace(t, functions)
    const file = await openUnnamed(directory)
    t.teardown(() => file.close())
    t.strictSame(readdirSync(directory), [])
    await file.write(Buffer.from('abc'), 0, 3, 5)
    const { buffer } = await file.read(Buffer.alloc(3), 0, 3, 5)
    t.equal(buffer.toString(), 'abc')
    const { mode, nlink } = await file.stat()
    if (process.platform !== 'win32') t.equal(mode & 0o777, 0o600, 'only for this user')
    t.equal(nlink, 0)
  })

t.test('a file whose name cannot be removed is closed, and is an error', async (t) => {
  const directory = t.testdir({})
  const opened: { fd: number }[] = []
  replace(t, {
    open: async (path, flags, mode) => {
      const file = await refusing(path, flags, mode)
      opened.push(file)
      return file
    },
    rm: async () => {
      throw Object.assign(new Error('no'), { code: 'EPERM' })
    },
  })
  await t.rejects(openUnnamed(directory), { code: 'EPERM' })
  t.strictSame(
    opened.map(({ fd }) => fd),
    [-1],
  )
})
