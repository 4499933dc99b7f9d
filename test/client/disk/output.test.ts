// Files at the path of the output, other processes that write there, and full disks.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet, spawnCommand } from '../support/command.ts'
import { head, honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { killAfter } from '../support/kill.ts'
import { get, names, readOrNull } from '../support/run.ts'
import { silenceOwner } from '../support/silent-lock.ts'
import { startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(3_000_000)
const A = resource(CONTENT)

t.test('an existing file stays without --overwrite', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  for (const [name, content] of [
    ['a complete file', CONTENT],
    ['a part of it', CONTENT.subarray(0, 1000)],
    ['a longer file', Buffer.concat([CONTENT, CONTENT])],
    ['garbage', Buffer.from('garbage')],
    ['an empty file', Buffer.alloc(0)],
  ] as const) {
    const dir = t.testdir({ 'file.bin': content })
    const args = ['-q', '-o', 'file.bin', `${server.url}/file.bin`]
    const refused = await rangeGet(args, dir).ended
    t.equal(refused.status, 11, name)
    t.match(
      refused.stderr,
      /file\.bin already exists and was not changed \(--overwrite replaces it, --update only if it has changed\)\n$/,
    )
    sameBytes(t, readOrNull(join(dir, 'file.bin')), content, `${name} is as it was`)
    const replaced = await rangeGet(['--overwrite', ...args], dir).ended
    t.equal(replaced.status, 0, replaced.stderr)
    sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT, `${name} is replaced`)
    t.strictSame(names(dir), ['file.bin'])
  }
})

t.test('anything but a file in the way of the output or its state is an error', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const url = `${server.url}/file.bin`
  const dir = t.testdir({ 'a directory': {}, elsewhere: 'elsewhere' })
  for (const [name, output] of [
    ['a directory that does not exist', 'nowhere/file.bin'],
    ['a directory under the name', 'a directory'],
    ['a file as directory', 'elsewhere/file.bin'],
    ['a name that is too long', 'x'.repeat(300)],
  ] as const) {
    const { status, stderr } = await rangeGet(['-q', '--overwrite', '-o', output, url], dir).ended
    t.equal(status, 9, name)
    t.match(stderr, /^range-get: [^\n]*cannot write [^\n]*\n$/, name)
  }
  t.strictSame(names(dir), ['a directory', 'elsewhere'])

  symlinkSync('elsewhere', join(dir, 'link'))
  t.equal((await rangeGet(['-q', '-o', 'link', url], dir).ended).status, 11, 'a link counts as a file')
  symlinkSync('elsewhere', join(dir, 'other.part'))
  t.equal((await rangeGet(['-q', '-o', 'other', url], dir).ended).status, 9, 'a link as part file')
  t.equal(readlinkSync(join(dir, 'other.part')), 'elsewhere')
  t.equal(readFileSync(join(dir, 'elsewhere'), 'utf8'), 'elsewhere')

  if (spawnSync('mkfifo', [join(dir, 'fifo.part')]).status === 0) {
    t.equal((await rangeGet(['-q', '-o', 'fifo', url], dir).ended).status, 9, 'a FIFO as part file')
  }
  symlinkSync('elsewhere', join(dir, 'journal.part.json'))
  t.equal((await rangeGet(['-q', '-o', 'journal', url], dir).ended).status, 9, 'a link as journal')
  if (spawnSync('mkfifo', [join(dir, 'fifo2.part.json')]).status === 0) {
    t.equal((await rangeGet(['-q', '-o', 'fifo2', url], dir).ended).status, 9, 'a FIFO as journal')
  }
  symlinkSync('elsewhere', join(dir, 'written.part.json.tmp'))
  t.equal(
    (await rangeGet(['-q', '-o', 'written', url], dir).ended).status,
    0,
    'a link where the journal is written',
  )
  t.equal(readFileSync(join(dir, 'elsewhere'), 'utf8'), 'elsewhere', 'is not followed')

  mkdirSync(join(dir, 'dir.part'))
  t.equal((await rangeGet(['-q', '-o', 'dir', url], dir).ended).status, 9, 'a directory as part file')
})

t.test('of several processes on one output, all but one fail with BUSY', async (t) => {
  // Slow, so that on a busy machine the first is still at it when the last has started.
  const server = await startSlow(A, 4 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const args = ['-q', '-o', 'file.bin', `${server.url}/file.bin`]
  const runs = await Promise.all([1, 2, 3].map(() => rangeGet(args, dir).ended))
  t.strictSame(runs.map((run) => run.status).sort(), [0, 10, 10])
  t.match(runs.find((run) => run.status === 10)?.stderr, /another process .*is downloading to .*file\.bin/)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
  t.strictSame(names(dir), ['file.bin'])
})

for (const [what, change] of [
  ['folder is deleted', (folder: string) => rmSync(folder, { recursive: true, maxRetries: 10 })],
  ['folder gets another name', (folder: string) => renameSync(folder, `${folder}-2`)],
  [
    'folder is replaced',
    (folder: string) => {
      renameSync(folder, `${folder}-2`)
      mkdirSync(folder)
    },
  ],
] as const)
  t.test(`a run whose ${what} says so, and not that another process is busy`, async (t) => {
    const server = await startSlow(A, 8 * 1024)
    t.teardown(() => server.stop())
    const folder = join(t.testdir({ folder: {} }), 'folder')
    const run = get(`${server.url}/file.bin`, folder)
    await server.hasServed(CONTENT.length / 4)
    change(folder)
    const { code, message, file } = await run
    t.equal(code, 'ERR_DOWNLOAD_UNWRITABLE')
    t.match(message, /the folder of .*file\.bin\.part\.lock was moved, replaced or deleted/)
    t.equal(file, null)
  })

const hasProc = existsSync('/proc/self/stat')

t.test('a zombie does not hold the lock', { skip: hasProc ? false : 'no /proc here' }, async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  // The shell becomes a sleep, which never reaps the child that it inherits.
  const line = `"$0" "$1" -q -o file.bin "$2" & echo $!; exec sleep 60`
  const parent = spawnCommand('sh', ['-c', line, process.execPath, CLI, `${server.url}/file.bin`], {
    cwd: dir,
  })
  t.teardown(() => parent.child.kill('SIGKILL'))
  const pid = await new Promise<number>((resolve) =>
    parent.child.stdout?.once('data', (text) => resolve(Number(text))),
  )
  await server.hasServed(500_000)
  process.kill(pid, 'SIGKILL')
  await sleep(100)
  t.match(readFileSync(`/proc/${pid}/stat`, 'latin1'), /\) Z /, 'it is a zombie')
  t.ok(existsSync(join(dir, 'file.bin.part.lock')), 'and has left its lock')
  const { status, stderr } = await rangeGet(['-q', '-o', 'file.bin', `${server.url}/file.bin`], dir).ended
  t.equal(status, 0, stderr)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})

t.test('a lock holds only while its owner is alive', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const lock = join(dir, 'file.bin.part.lock')
  const rows: { name: string; text: string; age: 'new' | 'old'; want: string | null }[] = [
    { name: 'nothing readable, fresh', text: '', age: 'new', want: 'ERR_DOWNLOAD_BUSY' },
    { name: 'nothing readable, old', text: '', age: 'old', want: null },
    {
      name: 'another machine, fresh',
      text: owner(1, 'elsewhere boot ns'),
      age: 'new',
      want: 'ERR_DOWNLOAD_BUSY',
    },
    {
      name: 'another machine, silent for an hour',
      text: owner(1, 'elsewhere boot ns'),
      age: 'old',
      want: null,
    },
  ]
  if (hasProc) {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const here = [hostname(), boot, readlinkSync('/proc/self/ns/pid')].join(' ')
    rows.push({
      name: 'a pid in use again by another process',
      text: owner(process.pid, here),
      age: 'new',
      want: null,
    })
    rows.push({ name: 'a pid that is gone', text: owner(2 ** 22 + 1, here), age: 'new', want: null })
  }
  for (const { name, text, age, want } of rows) {
    writeFileSync(lock, text)
    if (age === 'old') silenceOwner(lock)
    const end = await get(`${server.url}/file.bin`, dir, { existing: 'replace' })
    t.equal(end.code, want, `${name}: ${end.message}`)
  }
})

function owner(pid: number, place: string): string {
  return JSON.stringify({ token: 'x', pid, started: '1', place })
}

t.test(
  'a full disk is reported, and the download resumes when there is space',
  { skip: tmpfs() },
  async (t) => {
    // Without a length, the full disk is noticed only when a write fails.
    const server = await startHostile((request, socket) => {
      if (request.headers.has('x-ranges')) return honest(A)(request, socket)
      socket.write(head('200 OK', { etag: A.fields['etag'] ?? '', connection: 'close' }))
      socket.end(CONTENT)
    })
    t.teardown(() => server.stop())
    const dir = t.testdir({ mount: {} })
    const mount = join(dir, 'mount')
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount])
    t.teardown(() => execFileSync('umount', [mount]))
    const unknown = await rangeGet(['-q', '-o', 'file.bin', `${server.url}/file.bin`], mount).ended
    t.equal(unknown.status, 8)
    t.match(unknown.stderr, /no space is left on the disk \(ENOSPC\)/)
    const args = ['-q', '-H', 'X-Ranges: 1', '-o', 'file.bin', `${server.url}/file.bin`]
    const announced = await rangeGet(args, mount).ended
    t.equal(announced.status, 8)
    t.match(
      announced.stderr,
      /not enough disk space for .*: 2\.9 MiB are needed, [\d.]+ [KM]iB more than are free/,
    )
    t.notOk(existsSync(join(mount, 'file.bin')))
    execFileSync('mount', ['-o', 'remount,size=20m', mount])
    t.equal((await rangeGet(args, mount).ended).status, 0)
    sameBytes(t, readOrNull(join(mount, 'file.bin')), CONTENT)
  },
)

t.test('a disk that fills up during a download is reported', { skip: tmpfs() }, async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({ mount: {} })
  const mount = join(dir, 'mount')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount])
  t.teardown(() => execFileSync('umount', [mount]))
  const args = ['-q', '-o', 'file.bin', `${server.url}/file.bin`]
  const run = rangeGet(args, mount)
  await server.hasServed(500_000)
  writeFileSync(join(mount, 'hog'), Buffer.alloc(2_000_000))
  const { status, stderr } = await run.ended
  t.equal(status, 8)
  t.match(stderr, /no space is left .*Free some space and run again/)
  t.notOk(existsSync(join(mount, 'file.bin')))
  execFileSync('rm', [join(mount, 'hog')])
  const served = server.served
  t.equal((await rangeGet(args, mount).ended).status, 0)
  sameBytes(t, readOrNull(join(mount, 'file.bin')), CONTENT)
  t.ok(server.served - served < CONTENT.length, 'from what was there')
})

t.test(
  'a limit on the size of files is reported',
  { skip: process.platform === 'win32' ? 'no ulimit' : false },
  async (t) => {
    const server = await startHostile(honest(A))
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const line = 'ulimit -f 2000; exec "$0" "$@"' // blocks of 512 or 1024 bytes
    const args = ['-c', line, process.execPath, CLI, '-q', '-o', 'file.bin', `${server.url}/file.bin`]
    const { status, stderr } = await spawnCommand('sh', args, { cwd: dir }).ended
    t.equal(status, 8)
    t.match(stderr, /larger than .* allows \(EFBIG\)/)
    t.notOk(existsSync(join(dir, 'file.bin')))
    t.equal((await rangeGet(['-q', '-o', 'file.bin', `${server.url}/file.bin`], dir).ended).status, 0)
    sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
  },
)

t.test('names from the server stay in their directory', async (t) => {
  const rows = [
    { path: '/file.iso', disposition: null, want: 'file.iso' },
    { path: '/%2e%2e%2f%2e%2e%2fevil.bin', disposition: null, want: 'evil.bin' },
    { path: '/', disposition: null, want: 'download' },
    { path: '/x', disposition: 'attachment; filename="../../evil.bin"', want: 'evil.bin' },
    { path: '/x', disposition: 'attachment; filename="/etc/passwd"', want: 'passwd' },
    { path: '/x', disposition: "attachment; filename*=UTF-8''na%C3%AFve%20%2F..%2Ff.bin", want: 'f.bin' },
    { path: '/x', disposition: 'attachment; filename=".bashrc"', want: 'bashrc' },
    { path: '/from-url.bin', disposition: 'inline', want: 'from-url.bin' },
    { path: '/from-url.bin', disposition: 'nonsense;;;=', want: 'from-url.bin' },
  ]
  for (const { path, disposition, want } of rows) {
    const fields = disposition === null ? {} : { 'content-disposition': disposition }
    const server = await startHostile(honest(resource(CONTENT, fields)))
    const root = t.testdir({ sub: {} })
    const { status, stderr } = await rangeGet(['-q', '-d', 'sub', `${server.url}${path}`], root).ended
    await server.stop()
    t.equal(status, 0, stderr)
    t.strictSame(names(root), ['sub'])
    t.strictSame(names(join(root, 'sub')), [want], `${path} ${disposition}`)
  }
})

t.test("a resumed file gets the server's name and date, too", async (t) => {
  const date = 'Mon, 05 Jan 2026 10:00:00 GMT'
  const named = { 'content-disposition': 'attachment; filename="named.bin"', 'last-modified': date }
  const server = await startSlow(resource(CONTENT, named))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const args = ['-q', '--server-time', `${server.url}/file.bin`]
  await killAfter(server, 1_500_000, { dir, args: args.slice(0, 2) })
  const before = server.served
  const { status, stderr } = await rangeGet(args, dir).ended
  t.equal(status, 0, stderr)
  t.ok(server.served - before < CONTENT.length, 'resumed')
  t.strictSame(names(dir), ['named.bin'])
  t.equal(statSync(join(dir, 'named.bin')).mtime.toUTCString(), date)
})

t.test("--server-time gives the file the server's date", async (t) => {
  const date = 'Mon, 05 Jan 2026 10:00:00 GMT'
  const server = await startHostile(honest(resource(CONTENT, { 'last-modified': date })))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await rangeGet(['-q', '--server-time', '-o', 'file.bin', `${server.url}/file.bin`], dir).ended
  t.equal(statSync(join(dir, 'file.bin')).mtime.toUTCString(), date)
})

t.test('a file that appears under the name during the download is not replaced', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = rangeGet(['-q', '-o', 'file.bin', `${server.url}/file.bin`], dir)
  await server.hasServed(100_000)
  writeFileSync(join(dir, 'file.bin'), 'mine')
  t.equal((await run.ended).status, 11)
  t.equal(readFileSync(join(dir, 'file.bin'), 'utf8'), 'mine')
})

t.test('a part file that is deleted or replaced during the download gets no final name', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  for (const swap of ['rm file.bin.part', 'rm file.bin.part; echo swapped > file.bin.part']) {
    const dir = t.testdir({})
    const run = rangeGet(['-q', '-o', 'file.bin', `${server.url}/file.bin`], dir)
    await server.hasServed(server.served + 100_000)
    while (!existsSync(join(dir, 'file.bin.part')) && run.child.exitCode === null) await sleep(5)
    execFileSync('sh', ['-c', swap], { cwd: dir })
    const { status, stderr } = await run.ended
    t.equal(status, 9, stderr)
    t.notOk(existsSync(join(dir, 'file.bin')))
  }
})

function tmpfs(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux to mount a tmpfs'
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'])
  return probe.status === 0 ? false : 'a tmpfs cannot be mounted here'
}
