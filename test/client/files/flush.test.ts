import { open } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { flushFile } from '#client/files/flush.js'
import { hookHandles, systemError } from '../support/refusals.ts'

/** What becomes of two flushes of a file of which the system refuses the first with `code`. */
async function flushTwice(t: Test, code: string): Promise<readonly PromiseSettledResult<boolean>[]> {
  const file = await open(join(t.testdir({}), 'file'), 'wx')
  t.teardown(() => file.close())
  let calls = 0
  const undo = await hookHandles('datasync', () => {
    if (++calls === 1) throw systemError(code)
  })
  t.teardown(undo)
  const first = await Promise.allSettled([flushFile(file, 'data')])
  return [...first, ...(await Promise.allSettled([flushFile(file, 'data')]))]
}

t.test('after a flush that failed no later one says that the bytes are on the disk', async (t) => {
  for (const code of ['EIO', 'ENOSPC', 'EDQUOT']) {
    const [first, second] = await flushTwice(t, code)
    t.match(first, { status: 'rejected', reason: { code } })
    t.match(second, { status: 'rejected', reason: { code } })
  }
})

t.test('a file system that cannot flush is asked again', async (t) => {
  t.match(await flushTwice(t, 'ENOSYS'), [
    { status: 'fulfilled', value: false },
    { status: 'fulfilled', value: true },
  ])
})
