import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { OpenFile } from '#plugin/files/open-file.js'
import { openFile } from '#plugin/files/open-regular-file.js'

const CONTENT = 'the first file'

async function openOne(t: Test): Promise<{ file: OpenFile; folder: string }> {
  const folder = t.testdir({ 'a.txt': CONTENT })
  const file = await openFile({ root: folder, path: join(folder, 'a.txt') })
  if (!(file instanceof OpenFile)) throw new Error('not opened')
  return { file, folder }
}

t.test('a released file is never read, even if another file has its descriptor', async (t) => {
  const { file, folder } = await openOne(t)
  file.release()
  const other = join(folder, 'other.txt')
  writeFileSync(other, 'another file')
  const taken: number[] = []
  t.teardown(() => {
    for (const fd of taken) closeSync(fd)
  })
  while (!taken.includes(file.fd)) taken.push(openSync(other, 'r'))
  const target = Buffer.alloc(CONTENT.length)
  await t.rejects(file.readAt(target, 0), { code: 'ERR_RANGE_READ' })
  await t.rejects(file.currentVersion(), { code: 'ERR_RANGE_READ' })
  t.equal(target.toString('latin1'), '\0'.repeat(CONTENT.length), 'no byte of the other file')
})

t.test('a file that is released during a read is closed after the read', async (t) => {
  const { file } = await openOne(t)
  const target = Buffer.alloc(CONTENT.length)
  const read = file.readAt(target, 0)
  await Promise.resolve()
  file.release()
  t.equal(await read, CONTENT.length)
  t.equal(target.toString(), CONTENT)
  t.notOk(file.retain(), 'then it is closed')
})

t.test('several places of a file are read with one call', async (t) => {
  const { file } = await openOne(t)
  const targets = [Buffer.alloc(3), Buffer.alloc(4)] as const
  const [first, second] = targets
  t.equal(
    await file.readNearby([
      { target: first, position: 4 },
      { target: second, position: 10 },
    ]),
    true,
  )
  t.strictSame(targets.map(String), ['fir', 'file'])
  t.equal(
    await file.readNearby([
      { target: first, position: 4 },
      { target: second, position: 11 },
    ]),
    false,
    'a file that ends early',
  )
  file.release()
  await t.rejects(file.readNearby([{ target: first, position: 0 }]), { code: 'ERR_RANGE_READ' })
})
