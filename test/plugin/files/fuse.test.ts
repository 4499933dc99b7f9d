import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { refreshMounts } from '#plugin/files/local-file-systems.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const SIZE = 12 * 1024 * 1024
const EARLY_BYTES = 16 * 1024
const A = Buffer.alloc(SIZE, 'A')
const B = Buffer.alloc(SIZE, 'B')
const OLD = new Date('2020-01-01T00:00:00Z')

interface FileSystem {
  readonly name: string
  /** Mounts a folder elsewhere, without caches of names and stats: what changes below is seen at once. */
  readonly mount: (below: string, at: string) => readonly string[]
}

const FILE_SYSTEMS: readonly FileSystem[] = [
  { name: 'bindfs', mount: (below, at) => ['-o', 'attr_timeout=0,entry_timeout=0', below, at] },
  { name: 'mergerfs', mount: (below, at) => ['-o', 'cache.attr=0,cache.entry=0', below, at] },
]

interface Change {
  readonly name: string
  readonly change: (places: Places) => void
}

interface Places {
  /** What is mounted. */
  readonly below: string
  /** Where it is mounted, and served from. */
  readonly root: string
}

/** Puts another file of the same size and mtime, and another mode, in the place of the one that is there. */
function replace(folder: string): void {
  const path = join(folder, 'f.bin')
  writeFileSync(`${path}.new`, B, { mode: 0o600 })
  utimesSync(`${path}.new`, OLD, OLD)
  renameSync(`${path}.new`, path)
}

/** Reads a file as any other program does. FUSE then shows this file also to programs that have the old one open. */
function readAll(path: string): void {
  const fd = openSync(path, 'r')
  const target = Buffer.alloc(1024 * 1024)
  while (readSync(fd, target) > 0);
  closeSync(fd)
}

const WITH_OTHER_BYTES: readonly Change[] = [
  {
    name: 'replaced below the mount, and read there',
    change: ({ below, root }) => {
      replace(below)
      readAll(join(root, 'f.bin'))
    },
  },
  {
    name: 'rewritten in place, times put back',
    change: ({ root }) => {
      const path = join(root, 'f.bin')
      writeFileSync(path, B, { flag: 'r+' })
      utimesSync(path, OLD, OLD)
    },
  },
  {
    name: 'rewritten in place below the mount, times put back',
    change: ({ below, root }) => {
      writeFileSync(join(below, 'f.bin'), B, { flag: 'r+' })
      utimesSync(join(below, 'f.bin'), OLD, OLD)
      readAll(join(root, 'f.bin'))
    },
  },
]

/** Looks the same as another file in the place of the first. */
const CHMOD: Change = { name: 'chmod', change: ({ root }) => chmodSync(join(root, 'f.bin'), 0o600) }

const WITHOUT_A_BYTE: readonly Change[] = [
  { name: 'nothing', change: () => {} },
  { name: 'read by another program', change: ({ root }) => readAll(join(root, 'f.bin')) },
  { name: 'replaced through the mount', change: ({ root }) => replace(root) },
  { name: 'removed', change: ({ root }) => unlinkSync(join(root, 'f.bin')) },
]

/** Mounts, and unmounts afterwards: before the folders of the test are removed. */
async function onMount(
  t: Test,
  fileSystem: FileSystem,
  use: (places: Places) => Promise<void>,
): Promise<void> {
  const base = t.testdir({ below: { 'f.bin': A }, mount: {} })
  const [below, root] = [join(base, 'below'), join(base, 'mount')]
  utimesSync(join(below, 'f.bin'), OLD, OLD)
  try {
    execFileSync(fileSystem.name, fileSystem.mount(below, root), { stdio: 'ignore' })
    await use({ below, root })
  } catch (error) {
    // Root in a container may not be allowed to mount.
    if (statSync(root).dev !== statSync(base).dev || process.env['CI'] !== undefined) throw error
    t.pass('mounted', { skip: 'mounting is not allowed here' })
  } finally {
    // Lazy: the server still holds the file open.
    spawnSync('umount', ['--lazy', root])
  }
}

function without(program: string): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux to mount'
  if (!existsSync('/dev/fuse')) return 'no FUSE here'
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
  } catch {
    return 'FUSE is not allowed here'
  }
  return spawnSync('which', [program]).status === 0 ? false : `no ${program} here`
}

interface Download {
  readonly body: Buffer
  readonly etag: string
  readonly port: number
}

/** Downloads slowly, with a change in the middle. */
async function downloadDuring(t: Test, places: Places, { change }: Change): Promise<Download> {
  const { port } = await serve(t, { plugin: { root: places.root } })
  const client = await RawClient.connect(port)
  client.request('GET', '/f.bin')
  const { fields } = await client.readHead()
  const early = await client.readBytes(EARLY_BYTES)
  change(places)
  const late = await client.readBytes(SIZE - EARLY_BYTES)
  client.destroy()
  const etag = fields.get('etag') ?? ''
  t.match(etag, /^"/, 'strong')
  return { body: Buffer.concat([early, late]), etag, port }
}

for (const fileSystem of FILE_SYSTEMS) {
  const { name } = fileSystem
  const skip = without(name)
  for (const row of [...WITH_OTHER_BYTES, CHMOD]) {
    t.test(`a download is cut, and the next tag is another one (${name}, ${row.name})`, { skip }, (t) =>
      onMount(t, fileSystem, async (places) => {
        const { body, etag, port } = await downloadDuring(t, places, row)
        t.ok(body.length < SIZE, 'cut')
        const again = await RawClient.connect(port)
        const resumed = await again.exchange('GET', '/f.bin', ['Range: bytes=0-3', `If-Range: ${etag}`])
        t.equal(resumed.status, 200)
        t.not(resumed.fields.get('etag'), etag)
        again.destroy()
      }),
    )
  }
  for (const row of WITHOUT_A_BYTE) {
    t.test(`a download goes on (${name}, ${row.name})`, { skip }, (t) =>
      onMount(t, fileSystem, async (places) => {
        const { body } = await downloadDuring(t, places, row)
        sameBytes(t, body, A, 'all of it, and no other byte')
      }),
    )
  }
}

const bindfs = FILE_SYSTEMS[0] as FileSystem

t.test(
  'one that hangs does not stop the process, though its files are in demand',
  { skip: without('bindfs') },
  (t) =>
    onMount(t, bindfs, async ({ root }) => {
      const { app } = await serve(t, { plugin: { root } })
      const ask = () => app.inject({ url: '/f.bin', headers: { range: 'bytes=0-3' } })
      for (let turn = 0; turn < 3; turn++) {
        t.equal((await ask()).body, 'AAAA')
        await refreshMounts()
      }
      const pid = execFileSync('pgrep', ['-f', `bindfs .*${root}`], { encoding: 'utf8' }).trim()
      // If this process stops too, it goes on only because of this.
      const rescue = spawn('sh', ['-c', `sleep 60; kill -CONT ${pid}`])
      try {
        process.kill(Number(pid), 'SIGSTOP')
        let isOver = false
        const answer = ask().finally(() => {
          isOver = true
        })
        await sleep(50)
        t.notOk(isOver, 'the answer waits, and timers run')
        process.kill(Number(pid), 'SIGCONT')
        t.equal((await answer).body, 'AAAA')
      } finally {
        rescue.kill()
      }
    }),
)

t.test(
  'one that is mounted over a file in demand, and hangs, does not stop the process',
  { skip: without('bindfs') },
  async (t) => {
    const folder = t.testdir({ root: { d: { f: 'below' } }, source: { f: 'above' } })
    const covered = join(folder, 'root/d')
    const { app } = await serve(t, { plugin: { root: join(folder, 'root') } })
    for (let turn = 0; turn < 3; turn++) {
      t.equal((await app.inject('/d/f')).body, 'below')
      await refreshMounts()
    }
    execFileSync('bindfs', ['-o', 'nonempty', join(folder, 'source'), covered])
    const pid = execFileSync('pgrep', ['-f', `bindfs .*${covered}`], { encoding: 'utf8' }).trim()
    // If this process stops too, it goes on only because of this.
    const rescue = spawn('sh', ['-c', `sleep 60; kill -CONT ${pid}`])
    try {
      process.kill(Number(pid), 'SIGSTOP')
      const began = performance.now()
      const answer = app.inject('/d/f')
      let turns = 0
      while (turns < 10) {
        await sleep(5)
        turns++
      }
      t.ok(performance.now() - began < 50_000, 'timers run while the answer waits')
      process.kill(Number(pid), 'SIGCONT')
      t.equal((await answer).body, 'above')
    } finally {
      process.kill(Number(pid), 'SIGCONT')
      rescue.kill()
      execFileSync('umount', ['-l', covered])
    }
  },
)
