// A kill must not cost more where the network is faster than the disk, so the journal must not fall behind.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { byteCount } from '#client/state/blocks.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { fileHandlePrototype } from '../support/file-handles.ts'
import { atFirst, makeContent, part, resource, type Script, startHostile } from '../support/hostile-server.ts'
import { blocksOf } from '../support/journal.ts'
import { get, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

// One connection bypasses node:http, four connections do not.
const SIZE = 20_000_000
const CONTENT = makeContent(SIZE)
const FLUSH_MS = 100

interface Handle {
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>
  datasync(): Promise<void>
}

/** Makes each flush of this process slow, and measures by how many bytes the journal is behind. */
async function slowDown(
  path: string,
  journal: string,
): Promise<{ behind: () => number; restore: () => void }> {
  const prototype = await fileHandlePrototype<Handle>(path)
  const { write, datasync } = prototype
  let written = 0
  let most = 0
  prototype.write = async function (this: Handle, ...args) {
    const result: { bytesWritten: number } = await Reflect.apply(write, this, args)
    written += result.bytesWritten
    const named = blocksOf(readOrNull(journal)?.toString() ?? '')
    most = Math.max(most, written - byteCount(named))
    return result
  }
  prototype.datasync = async function (this: Handle) {
    await sleep(FLUSH_MS)
    await Reflect.apply(datasync, this, [])
  }
  return { behind: () => most, restore: () => Object.assign(prototype, { write, datasync }) }
}

for (const connections of [1, 4]) {
  t.test(`a kill never costs more than a tenth of the file (${connections} connections)`, async (t) => {
    const server = await startSlow(resource(CONTENT), 512 * 1024)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const disk = await slowDown(join(dir, 'probe'), join(dir, 'file.bin.part.json'))
    t.teardown(disk.restore)
    const end = await get(`${server.url}/file.bin`, dir, { connections })
    sameBytes(t, end.file, CONTENT, end.message)
    t.ok(
      disk.behind() > 0 && disk.behind() <= SIZE / 10,
      `${disk.behind()} of ${SIZE} bytes not in the journal`,
    )
  })
}

for (const [name, length] of [
  ['short', 1_000_000],
  ['long', SIZE],
] as const) {
  t.test(
    `a connection that breaks off while the part file is prepared is noticed at once (a ${name} body)`,
    async (t) => {
      const content = CONTENT.subarray(0, length)
      const breakOff: Script = (_, socket) => {
        socket.write(part({ start: 0, end: length }, length, resource(content).fields))
        setTimeout(() => socket.resetAndDestroy(), 50)
      }
      const server = await startHostile(atFirst(1, breakOff, resource(content)))
      t.teardown(() => server.stop())
      const dir = t.testdir({})
      const prototype = await fileHandlePrototype<{ sync(): Promise<void> }>(join(dir, 'probe'))
      const { sync } = prototype
      t.teardown(() => Object.assign(prototype, { sync }))
      prototype.sync = async function () {
        await sleep(300)
        await Reflect.apply(sync, this, [])
      }
      // If only the stall timeout noticed it, the test would time out.
      const end = await get(`${server.url}/file.bin`, dir, { connections: 1, stallTimeout: 600_000 })
      sameBytes(t, end.file, content, end.message)
      t.equal(server.requests.length, 2)
    },
  )
}
