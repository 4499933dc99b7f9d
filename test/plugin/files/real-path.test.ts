import { createHash } from 'node:crypto'
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { segmentsBelow } from '#plugin/files/file-name.js'
import { openFile } from '#plugin/files/open-regular-file.js'
import { realPathOfOpened } from '#plugin/files/real-path.js'
import { isRefusal } from '#plugin/rules/refusal.js'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const OLD = new Date('2020-01-01T00:00:00Z')
const skip = process.platform !== 'linux' && 'names are bytes on Linux only'

/** A name in Latin-1, as old disks have. No URL and no string of Node is this name, but a link may lead to it. */
function latin(folder: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')])
}

t.test('a link may lead to a name that is not UTF-8, of a file or a folder', { skip }, async (t) => {
  const root = t.testdir({})
  writeFileSync(latin(root, 'é.txt'), 'of the file')
  symlinkSync(Buffer.from('é.txt', 'latin1'), join(root, 'file.txt'))
  mkdirSync(latin(root, 'ü'))
  writeFileSync(Buffer.concat([latin(root, 'ü'), Buffer.from('/f.txt')]), 'in the folder')
  symlinkSync(Buffer.from('ü', 'latin1'), join(root, 'folder'))
  const { app } = await serve(t, { plugin: { root } })
  for (let turn = 0; turn < 2; turn++) {
    t.equal((await app.inject('/file.txt')).body, 'of the file')
    t.equal((await app.inject('/folder/f.txt')).body, 'in the folder')
  }
})

t.test('a link out of the root to such a name is not served', { skip }, async (t) => {
  const folder = t.testdir({ root: {} })
  writeFileSync(latin(folder, 'é.txt'), 'outside')
  symlinkSync(Buffer.concat([Buffer.from('../'), Buffer.from('é.txt', 'latin1')]), join(folder, 'root/link'))
  const root = join(folder, 'root')
  t.equal(await openFile({ root, path: join(root, 'link') }), 'link-outside-root')
})

t.test('a write to such a file whose mtime is put back is not taken for a new name', { skip }, async (t) => {
  const size = 12 * 1024 * 1024
  const root = t.testdir({})
  const path = latin(root, 'é.bin')
  writeFileSync(path, Buffer.alloc(size, 'A'))
  utimesSync(path, OLD, OLD)
  symlinkSync(Buffer.from('é.bin', 'latin1'), join(root, 'link.bin'))
  const { port } = await serve(t, { plugin: { root } })
  const client = await RawClient.connect(port)
  client.request('GET', '/link.bin')
  const { fields } = await client.readHead()
  await client.readBytes(1024)
  writeFileSync(path, Buffer.alloc(size, 'B'), { flag: 'r+' })
  utimesSync(path, OLD, OLD)
  t.ok((await client.readBytes(size - 1024)).length < size - 1024, 'cut')
  client.destroy()
  const again = await RawClient.connect(port)
  const { status } = await again.exchange('GET', '/link.bin', [
    'Range: bytes=0-3',
    `If-Range: ${fields.get('etag')}`,
  ])
  t.equal(status, 200)
  again.destroy()
})

t.test('such a file has no name for a server in front, and no digest of a list', { skip }, async (t) => {
  const root = t.testdir({})
  writeFileSync(latin(root, 'é.txt'), 'text')
  symlinkSync(Buffer.from('é.txt', 'latin1'), join(root, 'link.txt'))
  const file = await openFile({ root, path: join(root, 'link.txt') })
  if (isRefusal(file)) throw new Error(file)
  t.equal(await segmentsBelow(root, file), undefined)
  file.release()
  // Of another file, whose name looks the same in UTF-8.
  const list = Buffer.from(`${'00'.repeat(32)}  \xe8.txt\n`, 'latin1')
  writeFileSync(join(root, 'SHA256SUMS'), list)
  const { app } = await serve(t, { plugin: { root, checksumFiles: 'believe', digest: 'always' } })
  const { headers } = await app.inject('/link.txt')
  t.equal(headers['repr-digest'], `sha-256=:${createHash('sha256').update('text').digest('base64')}:`)
})

t.test('a folder of the root that the system knows by another spelling is in the root', async (t) => {
  const root = '/srv/Files'
  const followed = (path: string) => async () => path
  const rows = [
    // [known by the descriptor, the path when it is followed, the real path]
    ['/srv/Files/a', '/not/asked', '/srv/Files/a'],
    ['/srv/files/a', '/srv/Files/a', '/srv/Files/a'],
    ['/srv/FILES/A', '/srv/Files/a', '/srv/Files/a'],
    // Where case counts, these are other folders.
    ['/srv/files/a', '/srv/files/a', '/srv/files/a'],
    ['/srv/other/a', '/srv/Files/a', '/srv/other/a'],
    [undefined, '/srv/Files/a', '/srv/Files/a'],
  ] as const
  for (const [known, path, expected] of rows)
    t.equal(await realPathOfOpened(known, root, followed(path)), expected, String(known))
  const fails = () => Promise.reject(new Error('ENOENT'))
  t.equal(await realPathOfOpened('/srv/old/a', root, fails), '/srv/old/a', 'moved in the meantime')
  await t.rejects(realPathOfOpened(undefined, root, fails))
})
