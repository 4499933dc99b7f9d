import { open as openFile, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field, RawConnection } from '../support/raw-http.ts'

const CONTENT = numberedLines(7877)

const noProc = process.platform !== 'linux' && 'no /proc to count descriptors in'

t.test('no status leaves a descriptor open', { skip: noProc }, async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT }, plugin: { maxOpenFiles: 0 } })
  const etag = String(field(await server.ask({ target: '/files/a.txt' }), 'etag'))
  const connection = await RawConnection.open(server.port)
  t.teardown(() => connection.close())
  const requests = [
    { target: '/files/a.txt', fields: [['if-none-match', etag]] as const },
    { target: '/files/a.txt', fields: [['if-match', '"a"']] as const },
    { target: '/files/a.txt', fields: [['range', 'bytes=99999-']] as const },
    { target: '/files/a.txt', fields: [['range', 'bytes=0-4,10-14']] as const },
    { target: '/files/a.txt', method: 'HEAD' },
    { target: '/files/a.txt' },
  ]
  const held = await openFile(join(server.root, 'a.txt'))
  t.equal(await descriptorsOf(server.root), 1, 'the count sees a descriptor')
  await held.close()
  for (let round = 0; round < 50; round++) {
    connection.write(...requests)
    for (const { method } of requests) await connection.read(method)
  }
  // Closing takes a turn of the thread pool. What stays open fails the test by its timeout.
  while ((await descriptorsOf(server.root)) > 0) await setImmediate()
  t.pass('all closed')
})

/** How many descriptors of this process are open on files of a folder. */
async function descriptorsOf(folder: string): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return links.filter((link) => link.startsWith(folder)).length
}
