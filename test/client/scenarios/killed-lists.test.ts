// A list of many small files and a few big ones, whose run is killed again and again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { startFiles } from '../support/file-server.ts'
import { makeContent, sha256 } from '../support/hostile-server.ts'
import { names, readOrNull } from '../support/run.ts'

const KILLS = 10
const SMALL_FILES = 1000
const BIG_EVERY = 200
const SMALL_BYTES = 8 * 1024
const BIG_BYTES = 1024 * 1024
/** So that the small files take as long as the big ones, and not all big ones are under way at once. */
const DELAY_MS = 25

// Real processes, one after the other, on a machine that may be busy.
t.setTimeout(300_000)

/** Small files, with a big one after each 200. The name is in the content, so that no file can be taken for another. */
function makeFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let index = 0; index < SMALL_FILES; index++) {
    files.set(`/small-${index}.bin`, makeContent(SMALL_BYTES, `small ${index}`))
    if (index % BIG_EVERY === 0) files.set(`/big-${index}.bin`, makeContent(BIG_BYTES, `big ${index}`))
  }
  return files
}

t.test(
  'a thousand small and five big files, killed ten times, end right with a tenth more bytes',
  async (t) => {
    const files = makeFiles()
    const server = await startFiles(files, DELAY_MS)
    t.teardown(() => server.stop())
    const folder = t.testdir({ files: {} })
    const lines = [...files].map(
      ([path, content]) => `${server.url}${path} checksum=sha-256=${sha256(content)}\n`,
    )
    writeFileSync(join(folder, 'LIST'), lines.join(''))
    const dir = join(folder, 'files')
    const args = ['-q', '-n', '1', '-i', '../LIST']
    const total = [...files.values()].reduce((sum, { length }) => sum + length, 0)
    for (let kill = 0; kill < KILLS; kill++) {
      const run = rangeGet(args, dir)
      // At any moment within the next eleventh.
      await Promise.race([server.hasServed(server.served + (Math.random() * total) / (KILLS + 1)), run.ended])
      run.child.kill('SIGKILL')
      await run.ended
    }
    const { status, stderr } = await rangeGet(args, dir).ended
    t.equal(status, 0, stderr)
    t.strictSame(names(dir), [...files.keys()].map((path) => path.slice(1)).sort())
    for (const [path, content] of files) sameBytes(t, readOrNull(join(dir, path)), content, path)
    t.ok(server.served <= total * 1.1, `${server.served - total} of ${total} bytes were sent twice`)
    t.ok(server.mostConnections <= 8, `${server.mostConnections} connections at once`)
  },
)
