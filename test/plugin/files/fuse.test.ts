import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  symlinkSync,
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
import { BINDFS, FILE_SYSTEMS, type FileSystem, onMount, type Places, without } from './support/fuse.ts'

const SIZE = 12 * 1024 * 1024
const EARLY_BYTES = 16 * 1024
const A = Buffer.alloc(SIZE, 'A')
const B = Buffer.alloc(SIZE, 'B')
const OLD = new Date('2020-01-01T00:00:00Z')

interface Change {
  readonly name: string
  readonly change: (places: Places) => void
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

/** Mounts a folder with one long file. */
function withLongFile(
  t: Test,
  fileSystem: FileSystem,
  use: (places: Places) => Promise<void>,
): Promise<void> {
  const useDated = async (places: Places): Promise<void> => {
    utimesSync(join(places.below, 'f.bin'), OLD, OLD)
    await use(places)
  }
  return onMount(t, fileSystem, { files: { 'f.bin': A }, use: useDated })
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
      withLongFile(t, fileSystem, async (places) => {
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
      withLongFile(t, fileSystem, async (places) => {
        const { body } = await downloadDuring(t, places, row)
        sameBytes(t, body, A, 'all of it, and no other byte')
      }),
    )
  }
}

for (const fileSystem of FILE_SYSTEMS) {
  const { name } = fileSystem
  // A folder of a network file system is moved by another machine in the same way. The system is not told.
  t.test(`a folder that is moved out of the root below the mount (${name})`, { skip: without(name) }, (t) =>
    onMount(t, fileSystem, {
      files: { root: { d: { f: 'in the root' } }, outside: {} },
      use: async ({ below, root }) => {
        const { app } = await serve(t, { plugin: { root: join(root, 'root') } })
        for (let turn = 0; turn < 3; turn++) t.equal((await app.inject('/d/f')).body, 'in the root')
        const [folder, outside] = [join(below, 'root/d'), join(below, 'outside/d')]
        renameSync(folder, outside)
        symlinkSync('../outside/d', folder)
        for (let turn = 0; turn < 3; turn++) t.equal((await app.inject('/d/f')).statusCode, 404)
        unlinkSync(folder)
        mkdirSync(folder)
        t.equal((await app.inject('/d/f')).statusCode, 404, 'a folder again, without the file')
        renameSync(join(outside, 'f'), join(folder, 'f'))
        t.equal((await app.inject('/d/f')).body, 'in the root')
      },
    }),
  )
}

t.test(
  'one that hangs does not stop the process, though its files are in demand',
  { skip: without('bindfs') },
  (t) =>
    withLongFile(t, BINDFS, async ({ root }) => {
      const { app } = await serve(t, { plugin: { root } })
      const ask = () => app.inject({ url: '/f.bin', headers: { range: 'bytes=0-3' } })
      for (let turn = 0; turn < 3; turn++) {
        t.equal((await ask()).body, 'AAAA')
        await refreshMounts()
      }
      const pid = execFileSync('pgrep', ['-f', `bindfs .*${root}`], { encoding: 'utf8' }).trim()
      // If this process stops too, it goes on only because of this.
      const rescue = spawn('sh', ['-c', `sleep 60; kill -CONT ${pid}`], { stdio: 'ignore' })
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
    const rescue = spawn('sh', ['-c', `sleep 60; kill -CONT ${pid}`], { stdio: 'ignore' })
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
