// Writes that bypass the page cache: which bytes are written so, and that all bytes are right in both ways.
import { createHash, randomBytes } from 'node:crypto'
import { constants, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { BlockWriter } from '#client/disk/block-writer.js'
import { PartFile } from '#client/disk/part-file.js'
import { BUFFER_BYTES, PAGE_BYTES, SharedBuffer } from '#client/files/buffers.js'
import { DirectWrites } from '#client/files/direct-writes.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { type Running, spawnCommand } from '../support/command.ts'
import { fileHandlePrototype } from '../support/file-handles.ts'
import { honest, resource, startHostile } from '../support/hostile-server.ts'
import { killAfter } from '../support/kill.ts'
import { readOrNull } from '../support/run.ts'
import { getBySlowClock, SLOW_CLOCK } from '../support/slow-clock.ts'
import { startSlow } from '../support/slow-server.ts'

const MIB = 1024 * 1024
/** More than this within a tenth of a second is fast. */
const FAST = 13 * MIB

interface Handle {
  write(
    this: FileHandle,
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>
}

/** How a write reached the file, as the kernel reports it. */
function isDirect(file: FileHandle): boolean {
  const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${file.fd}`, 'latin1'))?.[1]
  return (Number.parseInt(flags ?? '0', 8) & constants.O_DIRECT) !== 0
}

/** Is the test folder on a file system that is written like this? Elsewhere nothing of it can be seen. */
function withoutDirectWrites(): string | false {
  if (constants.O_DIRECT === undefined) return 'no O_DIRECT on this system'
  return [0xef53, 0x58465342].includes(statfsSync(import.meta.dirname).type)
    ? false
    : 'the test folder is neither on ext4 nor on XFS'
}

const skip = withoutDirectWrites()

interface Write {
  readonly isDirect: boolean
  readonly position: number
  readonly length: number
}

/** Watches all writes of this process; `meddle` may answer one in the place of the disk. */
async function watchWrites(
  t: Test,
  meddle: (write: Write) => { bytesWritten: number } | null = () => null,
): Promise<Write[]> {
  const prototype = await fileHandlePrototype<Handle>(join(t.testdir({}), 'probe'))
  const { write } = prototype
  const writes: Write[] = []
  prototype.write = async function (buffer, offset, length, position) {
    const seen = { isDirect: isDirect(this), position, length }
    writes.push(seen)
    return meddle(seen) ?? (await Reflect.apply(write, this, [buffer, offset, length, position]))
  }
  t.teardown(() => Object.assign(prototype, { write }))
  return writes
}

/** A file, its second way, and the clock that both go by. */
async function setUp(t: Test, meddle?: (write: Write) => { bytesWritten: number } | null) {
  const writes = await watchWrites(t, meddle)
  const path = join(await mkdtemp(join(t.testdirName, 'file-')), 'file')
  const file = await open(path, 'w+')
  const clock = { ms: 0 }
  const direct = new DirectWrites(file, { now: () => clock.ms })
  t.teardown(async () => {
    await direct.close()
    await file.close()
  })
  return { path, direct, clock, writes }
}

/** Lent bytes, which begin with a page of memory. */
function inBuffer(length: number = BUFFER_BYTES): Buffer {
  randomBytes(length).copy(shared.buffer)
  return shared.buffer.subarray(0, length)
}
const shared = new SharedBuffer()

/** Says that a lot has come. */
async function hurry(direct: DirectWrites): Promise<void> {
  for (let bytes = BUFFER_BYTES; bytes < FAST; bytes += BUFFER_BYTES)
    await direct.write(Buffer.alloc(BUFFER_BYTES), 0)
}

t.test('only fast bytes are written directly', { skip }, async (t) => {
  const { path, direct, clock } = await setUp(t)
  const wrote: boolean[] = []
  const bytes = inBuffer()
  for (let i = 0; i < 15; i++) wrote.push(await direct.write(bytes, i * BUFFER_BYTES))
  t.strictSame(wrote, [...Array(12).fill(false), true, true, true], '13 MiB at one moment')
  sameBytes(t, (await readFile(path)).subarray(14 * BUFFER_BYTES), bytes)
  clock.ms += 99
  t.ok(await direct.write(bytes, 0))
  clock.ms += 1
  t.ok(await direct.write(bytes, 0), '16 MiB in 100 ms')
  clock.ms += 100
  t.notOk(await direct.write(bytes, 0), '1 MiB in 100 ms')
  for (let i = 0; i < 40; i++) {
    clock.ms += 8.9
    t.notOk(await direct.write(bytes, 0), 'a gigabit line')
  }
  for (let i = 0; i < 30; i++) {
    clock.ms += 7
    await direct.write(bytes, 0)
  }
  t.ok(await direct.write(bytes, 0), 'a line of 1.2 gigabits')
})

t.test('only many whole pages are written directly', { skip }, async (t) => {
  const { direct, writes } = await setUp(t)
  await hurry(direct)
  const bytes = inBuffer()
  t.notOk(await direct.write(bytes, 512), 'elsewhere in the file')
  t.notOk(await direct.write(bytes.subarray(512), PAGE_BYTES), 'elsewhere in the memory')
  t.notOk(await direct.write(bytes.subarray(0, -512), PAGE_BYTES), 'part of a page at the end')
  t.notOk(await direct.write(bytes.subarray(0, 63 * PAGE_BYTES), PAGE_BYTES), 'few')
  t.notOk(await direct.write(Buffer.alloc(BUFFER_BYTES), PAGE_BYTES), 'other memory')
  t.strictSame(writes, [], 'nothing of it was tried')
  t.ok(await direct.write(bytes.subarray(PAGE_BYTES), 3 * PAGE_BYTES))
  t.ok(await direct.write(bytes.subarray(0, 64 * PAGE_BYTES), 2 ** 40), 'far out')
  t.strictSame(
    writes.map((write) => write.isDirect),
    [true, true],
  )
})

const system = (code: string): Error => Object.assign(new Error(code), { code })

t.test('a disk that refuses a direct write is not tried again', { skip }, async (t) => {
  const { direct, writes } = await setUp(t, () => {
    throw system('EINVAL')
  })
  await hurry(direct)
  const both = await Promise.all([direct.write(inBuffer(), 0), direct.write(inBuffer(), BUFFER_BYTES)])
  t.strictSame(both, [false, false])
  t.equal(writes.length, 2)
  t.notOk(await direct.write(inBuffer(), 0))
  t.equal(writes.length, 2)
})

t.test('a full disk is reported', { skip }, async (t) => {
  const { direct } = await setUp(t, () => {
    throw system('ENOSPC')
  })
  await hurry(direct)
  await t.rejects(direct.write(inBuffer(), 0), { code: 'ENOSPC' })
})

t.test('a short direct write is repeated the usual way', { skip }, async (t) => {
  const { direct } = await setUp(t, () => ({ bytesWritten: PAGE_BYTES }))
  await hurry(direct)
  t.notOk(await direct.write(inBuffer(), 0))
})

t.test('direct writes go to the open file, even if another file has its name', { skip }, async (t) => {
  const { path, direct } = await setUp(t)
  await rename(path, `${path}.moved`)
  await writeFile(path, 'another')
  await hurry(direct)
  const bytes = inBuffer()
  t.ok(await direct.write(bytes, 0))
  t.equal(await readFile(path, 'utf8'), 'another')
  sameBytes(t, await readFile(`${path}.moved`), bytes)
})

t.test('without a free descriptor bytes are written the usual way', { skip }, async (t) => {
  const count = (): number => readdirSync('/proc/self/fd').length
  const { direct } = await setUp(t)
  const before = count()
  await hurry(direct)
  await Promise.all([0, 1, 2].map((index) => direct.write(inBuffer(), index * BUFFER_BYTES)))
  t.equal(count(), before + 1)
  await direct.close()
  t.equal(count(), before)
})

t.test('other file systems get no direct writes', { skip: skip || withoutShm() }, async (t) => {
  const folder = await mkdtemp('/dev/shm/range-get-')
  t.teardown(() => rm(folder, { recursive: true }))
  const writes = await watchWrites(t)
  const file = await open(join(folder, 'file'), 'w')
  const direct = new DirectWrites(file, { now: () => 0 })
  t.teardown(() => file.close())
  await hurry(direct)
  t.notOk(await direct.write(inBuffer(), 0))
  t.strictSame(writes, [])
  await direct.close()
})

function withoutShm(): string | false {
  try {
    return statfsSync('/dev/shm').type === 0x01021994 ? false : '/dev/shm is no tmpfs'
  } catch {
    return 'no /dev/shm'
  }
}

t.test('a file that is written in both ways reads correctly in between', async (t) => {
  const writes = skip === false ? await watchWrites(t) : []
  const path = join(t.testdir({}), 'file.part')
  const part = await PartFile.create(path, { mode: 0o600, signal: null, token: 'x', clock: SLOW_CLOCK })
  await part.publish()
  t.teardown(() => part.close())
  for (let round = 0; round < 2; round++) {
    const source = randomBytes(48 * MIB + 77)
    let unreadable = 0
    const edges = [0, 1, 8 * MIB, 8 * MIB + 5, 20 * MIB - 1, 33 * MIB + PAGE_BYTES, source.length]
    const one = async (index: number): Promise<void> => {
      const [start, end] = [edges[index] ?? 0, edges[index + 1] ?? 0]
      const options = {
        batch: BUFFER_BYTES,
        backlog: 4 * BUFFER_BYTES,
        journalBacklog: () => null,
        onWritten: () => undefined,
      }
      const writer = new BlockWriter(part, start, options)
      for (let at = start; at < end; ) {
        const bytes = source.subarray(at, Math.min(end, at + 1 + Math.floor(Math.random() * 300_000)))
        const room = writer.reserve()
        const taken = Math.random() < 0.9 ? room.subarray(0, bytes.copy(room)) : Buffer.from(bytes)
        at += taken.length
        await writer.push(taken)
        if (Math.random() < 0.01 && !(await part.holds(writer.block))) unreadable++
      }
      await writer.flush()
    }
    await Promise.all(edges.slice(0, -1).map((_, index) => one(index)))
    sameBytes(t, await readFile(path), source, `round ${round}: no byte mixed, lost or moved`)
    t.equal(unreadable, 0, 'what is written can be read at once')
  }
  if (skip === false) {
    const direct = writes.filter((write) => write.isDirect)
    const bytes = direct.reduce((sum, write) => sum + write.length, 0)
    t.ok(bytes > 2 * 30 * MIB, `${bytes} bytes past the cache`)
  }
})

const SIZE = 66 * MIB + 12_345
const CONTENT = randomBytes(SIZE)
const A = resource(CONTENT)
const sha256 = (encoding: 'base64' | 'hex'): string => createHash('sha256').update(CONTENT).digest(encoding)

/** What a digest is to be checked of is read again at once. */
const DOWNLOADS = [
  { name: 'one connection', options: { connections: 1 }, fields: {}, isDirect: true },
  { name: 'four connections', options: { connections: 4 }, fields: {}, isDirect: true },
  { name: 'a checksum', options: { checksum: `sha-256=${sha256('hex')}` }, fields: {}, isDirect: false },
  {
    name: 'a Repr-Digest',
    options: {},
    fields: { 'repr-digest': `sha-256=:${sha256('base64')}:` },
    isDirect: false,
  },
]

for (const { name, options, fields, isDirect } of DOWNLOADS) {
  t.test(`a fast download, ${name}`, async (t) => {
    const writes = skip === false ? await watchWrites(t) : []
    const server = await startHostile(honest(resource(CONTENT, { ...A.fields, ...fields })))
    t.teardown(() => server.stop())
    const end = await getBySlowClock(`${server.url}/file.bin`, t.testdir({}), options)
    sameBytes(t, end.file, CONTENT, end.message)
    const direct = writes.filter((write) => write.isDirect).reduce((sum, write) => sum + write.length, 0)
    const most = isDirect && skip === false ? SIZE : 0
    t.ok(direct >= most / 2 && direct <= most, `${direct} bytes past the cache`)
  })
}

const CHILD = fileURLToPath(new URL('../support/slow-clock-child.js', import.meta.url))

t.test('a run that is killed during direct writes is resumed', async (t) => {
  const server = await startSlow(A, 2 * MIB)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const start = (url: string): Running => spawnCommand(process.execPath, [CHILD, url], { cwd: dir })
  for (let kill = 0; kill < 3; kill++) await killAfter(server, SIZE / 6, { dir, start })
  const { status, stderr } = await start(`${server.url}/file.bin`).ended
  t.equal(status, 0, stderr)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})
