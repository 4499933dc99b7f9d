// A power cut keeps what was flushed and may lose everything else. No journal may record a byte that would be lost.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { fileHandlePrototype } from '../support/file-handles.ts'
import { makeContent, resource } from '../support/hostile-server.ts'
import { blocksOf } from '../support/journal.ts'
import { get, readOrNull } from '../support/run.ts'
import { getBySlowClock } from '../support/slow-clock.ts'
import { startSlow } from '../support/slow-server.ts'

/** The methods of a file handle with which this program writes. */
interface Handle {
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>
  datasync(): Promise<void>
}

/** Watches every file handle of this process. `disk` is what a power cut would leave. */
async function watchDisk(path: string, size: number): Promise<{ disk: Buffer; restore: () => void }> {
  const prototype = await fileHandlePrototype<Handle>(path)
  const { write, datasync } = prototype
  const disk = Buffer.alloc(size)
  let unflushed: { bytes: Buffer; position: number }[] = []
  let writes = 0
  prototype.write = async function (this: Handle, buffer, offset, length, position) {
    if (writes++ % 2 === 0) await sleep(20) // the next one overtakes it
    const result: { bytesWritten: number } = await Reflect.apply(write, this, [
      buffer,
      offset,
      length,
      position,
    ])
    unflushed.push({ bytes: Buffer.from(buffer.subarray(offset, offset + result.bytesWritten)), position })
    return result
  }
  prototype.datasync = async function (this: Handle) {
    const covered = unflushed // bytes that are written during the flush may miss it
    unflushed = []
    await sleep(Math.random() * 40) // long enough to see a journal that does not wait
    await Reflect.apply(datasync, this, [])
    for (const { bytes, position } of covered) bytes.copy(disk, position)
  }
  return { disk, restore: () => Object.assign(prototype, { write, datasync }) }
}

const SLOW = { size: 6_000_000, piece: 32 * 1024, download: get }

const ROWS = [
  { name: 'one connection', connections: 1, ...SLOW },
  { name: 'four connections', connections: 4, ...SLOW },
  // By the slow clock this is fast, so it is written past the page cache.
  {
    name: 'four fast connections',
    connections: 4,
    size: 70_000_000,
    piece: 1024 * 1024,
    download: getBySlowClock,
  },
]

for (const { name, connections, size, piece, download } of ROWS) {
  t.test(`every journal records only bytes that are on the disk (${name})`, async (t) => {
    const content = makeContent(size)
    const server = await startSlow(resource(content), piece)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const { disk, restore } = await watchDisk(join(dir, 'probe'), size)
    t.teardown(restore)
    const journals = new Set<string>()
    let named = 0
    const wrong: string[] = []
    // The power may be cut at any moment, so the journal is compared with the disk again and again.
    const look = setInterval(() => {
      const text = readOrNull(join(dir, 'file.bin.part.json'))?.toString() ?? ''
      if (journals.has(text)) return
      journals.add(text)
      for (const { start, end, crc } of blocksOf(text)) {
        named = Math.max(named, end)
        if (crc32(disk.subarray(start, end)) !== crc)
          wrong.push(`${start}-${end} in journal ${journals.size}`)
      }
    }, 1)
    const end = await download(`${server.url}/file.bin`, dir, { connections })
    clearInterval(look)
    sameBytes(t, end.file, content, end.message)
    t.strictSame(wrong, [])
    t.ok(journals.size > 5 && named > size / 2, `${journals.size} journals, up to byte ${named}`)
  })
}
