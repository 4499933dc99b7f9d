// On a line that is faster than the disk a kill must not cost more: the journal may not fall behind.
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { decodeJournal } from '#client/journal-format.js'
import { makeContent, resource } from './support/hostile-server.ts'
import { get, readOrNull } from './support/run.ts'
import { startSlow } from './support/slow-server.ts'

// One connection takes it past node:http, four of them do not.
const SIZE = 20_000_000
const CONTENT = makeContent(SIZE)
const FLUSH_MS = 100

interface Handle {
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>
  datasync(): Promise<void>
}

/** Makes each flush of this process take a while, and follows by how many bytes the journal is behind. */
async function slowDown(
  path: string,
  journal: string,
): Promise<{ behind: () => number; restore: () => void }> {
  const probe = await open(path, 'w')
  const prototype: Handle = Object.getPrototypeOf(probe)
  await probe.close()
  const { write, datasync } = prototype
  let written = 0
  let most = 0
  prototype.write = async function (this: Handle, ...args) {
    const result: { bytesWritten: number } = await Reflect.apply(write, this, args)
    written += result.bytesWritten
    const blocks = decodeJournal(readOrNull(journal)?.toString() ?? '')?.blocks ?? []
    const named = blocks.reduce((sum, { start, end }) => sum + end - start, 0)
    most = Math.max(most, written - named)
    return result
  }
  prototype.datasync = async function (this: Handle) {
    await sleep(FLUSH_MS)
    await Reflect.apply(datasync, this, [])
  }
  return { behind: () => most, restore: () => Object.assign(prototype, { write, datasync }) }
}

for (const connections of [1, 4]) {
  t.test(`at no time does a kill cost more than a tenth, ${connections} at once`, async (t) => {
    const server = await startSlow(resource(CONTENT), 512 * 1024)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const disk = await slowDown(join(dir, 'probe'), join(dir, 'file.bin.part.json'))
    t.teardown(disk.restore)
    const end = await get(`${server.url}/file.bin`, dir, { connections })
    t.ok(end.file?.equals(CONTENT), end.message)
    t.ok(
      disk.behind() > 0 && disk.behind() <= SIZE / 10,
      `${disk.behind()} of ${SIZE} bytes not in the journal`,
    )
  })
}
