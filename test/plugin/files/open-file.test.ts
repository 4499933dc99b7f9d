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

t.test('contents of one step of the clock have no tag in common', async (t) => {
  const { file } = await openOne(t)
  const second = 1_600_000_000n
  const version = { ...file.version, mtimeNs: second * 1_000_000_000n, ctimeNs: second * 1_000_000_000n }
  const facts = { version, realPath: file.realPath, reads: file.reads, hasBlocks: true }
  const tagAt = (ms: number, settled: boolean, ctimeNs = version.ctimeNs): string => {
    const given = { ...facts, version: { ...version, ctimeNs }, tagCtimeNs: ctimeNs }
    return new OpenFile(-1, { ...given, settled, seenAt: Number(second) * 1000 + ms }).statTag
  }
  const settled = tagAt(3000, true)
  t.match(settled, /^"/)
  const first = tagAt(300, false)
  t.match(first, /^W\//)
  t.not(first, tagAt(300, false), 'the next opening has another')
  t.not(first, `W/${settled}`, 'and so has the file later')
  t.equal(tagAt(300, false, 0n), tagAt(900, false, 0n), 'without times of changes, the tag stays')
  t.equal(tagAt(-9000, false), tagAt(-8000, false), 'and under a clock that is ahead')
  file.release()
})
