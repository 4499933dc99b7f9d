// What `--overwrite` replaces, and what it never replaces: links, devices, modes and owners.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { type DownloadOptions, download } from 'range-get'
import t from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet, spawnCommand } from '../support/command.ts'
import { honest, makeContent, resource, sha256, startHostile } from '../support/hostile-server.ts'
import { get, names, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(300_000)
const A = resource(CONTENT)
const isRoot = process.getuid?.() === 0
const unix = { skip: process.platform === 'win32' ? 'Windows has no such files' : false }
const root = { skip: isRoot ? false : 'only root may give files away' }

/** What must make no difference to what is refused. */
const WAYS: readonly DownloadOptions[] = [
  {},
  { existing: 'replace' },
  { existing: 'replace', checksum: `sha-256=${sha256(CONTENT)}` },
]

// Real processes and files, on a machine that may be busy.
t.setTimeout(120_000)

t.test('standard output as the output is a usage error', unix, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const url = `${server.url}/file.bin`
  const dir = t.testdir({})
  const before = devices()
  symlinkSync('/dev/stdout', join(dir, 'link'))
  symlinkSync('/dev/fd', join(dir, 'folder'))
  const outputs = ['/dev/stdout', '/dev/stderr', '/dev/stdin', '/dev/fd/1', join(dir, 'link')]
  if (existsSync('/proc/thread-self')) outputs.push('/proc/self/fd/1', '/proc/thread-self/fd/2')
  for (const output of [...outputs, join(dir, 'folder/1'), '/dev/../dev/stdout']) {
    for (const options of WAYS) {
      const message = /: an open descriptor such as standard output .*\. Give the name of a file$/
      await t.rejects(
        download(url, output, options).finished,
        { code: 'ERR_DOWNLOAD_USAGE', message },
        output,
      )
    }
  }
  for (const output of ['-', '/dev/stdout']) {
    const { status, stdout, stderr } = await rangeGet(['-q', '--overwrite', '-o', output, url], dir).ended
    t.equal(status, 2, stderr)
    t.match(stderr, /^range-get: [^\n]*(?:For a file called "-"|Give the name of a file)[^\n]*\n$/)
    t.equal(stdout, '')
  }
  // Also where the shell has led it to a file.
  const line = `exec "$0" "$1" -q --overwrite -o /dev/stdout "$2" > out.bin`
  const redirected = spawnCommand('sh', ['-c', line, process.execPath, CLI, url], { cwd: dir })
  t.equal((await redirected.ended).status, 2)
  t.strictSame(names(dir), ['folder', 'link', 'out.bin'])
  t.equal(server.requests.length, 0, 'nothing is asked for')
  t.strictSame(devices(), before)

  t.equal((await rangeGet(['-q', '-o', './-', url], dir).ended).status, 0)
  sameBytes(t, readOrNull(join(dir, '-')), CONTENT)
})

t.test('devices, FIFOs, sockets, directories and links to them are never replaced', unix, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const url = `${server.url}/file.bin`
  const dir = mkdtempSync(join(tmpdir(), 'rg-')) // the path of a socket is short
  t.teardown(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'folder'))
  execFileSync('mkfifo', [join(dir, 'fifo')])
  const socket = createServer()
  await new Promise<void>((resolve) => socket.listen(join(dir, 'socket'), resolve))
  t.teardown(() => socket.close())
  const rows: Record<string, RegExp> = {
    fifo: /it is a FIFO/,
    socket: /it is a socket/,
    folder: /it is a directory/,
    '/dev/null': /it is a device/,
    '.': /it is a directory/,
    '..': /it is a directory/,
    dangling: /it is a symbolic link to .*nowhere, which does not exist/,
    'dangling-far': /cannot write .*no\/where: the directory does not exist/,
    'circle-a': /in a circle/,
  }
  for (const [target, kind] of Object.entries({
    fifo: /leads to a FIFO/,
    socket: /leads to a socket/,
    folder: /leads to a directory/,
    '/dev/null': /leads to a device/,
    '/dev/zero': /leads to a device/,
  })) {
    const name = `to-${basename(target)}`
    symlinkSync(target, join(dir, name))
    rows[name] = kind
  }
  symlinkSync('nowhere', join(dir, 'dangling'))
  symlinkSync('no/where', join(dir, 'dangling-far'))
  symlinkSync('circle-b', join(dir, 'circle-a'))
  symlinkSync('circle-a', join(dir, 'circle-b'))
  const before = [look(dir), devices()]
  for (const [output, message] of Object.entries(rows)) {
    for (const options of WAYS) {
      const { finished } = download(url, resolve(dir, output), options)
      await t.rejects(finished, { code: 'ERR_DOWNLOAD_UNWRITABLE', message }, output)
    }
  }
  const { finished } = download(url, `${dir}/new/`)
  await t.rejects(finished, { code: 'ERR_DOWNLOAD_USAGE', message: /the name of a directory/ })
  for (const [output, status] of [
    ['fifo', 9],
    ['to-null', 9],
    ['dangling', 9],
    ['new/', 2],
  ] as const) {
    const end = await rangeGet(['-q', '--overwrite', '-o', output, url], dir).ended
    t.equal(end.status, status, end.stderr)
    t.match(end.stderr, /^range-get: [^\n]+\n$/, output)
  }
  t.strictSame([look(dir), devices()], before)
  t.equal(server.requests.length, 0, 'nothing is asked for')
})

t.test('a name from the server that is a device or a FIFO here is an error', unix, async (t) => {
  const server = await startHostile(
    honest(resource(CONTENT, { 'content-disposition': 'attachment; filename="x.bin"' })),
  )
  t.teardown(() => server.stop())
  for (const make of ['mkfifo x.bin', 'ln -s /dev/null x.bin', 'ln -s nowhere x.bin', 'mkdir x.bin']) {
    const dir = t.testdir({})
    execFileSync('sh', ['-c', make], { cwd: dir })
    const before = look(dir)
    const { status, stderr } = await rangeGet(['-q', '--overwrite', `${server.url}/file.bin`], dir).ended
    t.equal(status, 9, `${make}: ${stderr}`)
    t.strictSame(look(dir), before)
  }
})

t.test('the file that a link leads to is replaced in its own folder', unix, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const url = `${server.url}/file.bin`
  for (const [name, links] of [
    ['one', { 'file.bin': 'away/real.bin' }],
    ['two', { 'file.bin': 'next', next: 'away/real.bin' }],
    ['one with a folder behind a link', { 'file.bin': 'there/real.bin', there: 'away' }],
  ] as const) {
    for (const args of [['-o', 'file.bin'], []]) {
      const dir = t.testdir({ away: { 'real.bin': 'old' } })
      chmodSync(join(dir, 'away/real.bin'), 0o750)
      for (const [from, to] of Object.entries(links)) symlinkSync(to, join(dir, from))
      const before = names(dir)
      const refused = await rangeGet(['-q', ...args, url], dir).ended
      t.equal(refused.status, 11, `${name}: ${refused.stderr}`)
      t.equal(readFileSync(join(dir, 'away/real.bin'), 'utf8'), 'old')
      const { status, stderr } = await rangeGet(['-q', '--overwrite', ...args, url], dir).ended
      t.equal(status, 0, `${name}: ${stderr}`)
      t.strictSame(names(dir), before)
      t.equal(readlinkSync(join(dir, 'file.bin')), links['file.bin'], 'the link is as it was')
      sameBytes(t, readOrNull(join(dir, 'away/real.bin')), CONTENT)
      t.equal(statSync(join(dir, 'away/real.bin')).mode & 0o7777, 0o750)
      t.strictSame(names(join(dir, 'away')), ['real.bin'])
    }
  }
})

t.test('a run through a link and a run to its target exclude each other', unix, async (t) => {
  const server = await startHostile(() => undefined)
  t.teardown(() => server.stop())
  const dir = t.testdir({ away: { 'real.bin': 'old' } })
  symlinkSync('away/real.bin', join(dir, 'file.bin'))
  const first = rangeGet(['-q', '--overwrite', '-o', 'file.bin', `${server.url}/file.bin`], dir)
  while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  const second = await rangeGet(['-q', '--overwrite', '-o', 'away/real.bin', `${server.url}/x`], dir).ended
  t.equal(second.status, 10, second.stderr)
  first.child.kill('SIGINT')
  t.equal((await first.ended).status, 130)
  t.equal(readFileSync(join(dir, 'file.bin'), 'utf8'), 'old')
})

t.test('the new file has the mode of the replaced file', unix, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  for (const [mode, want] of [
    [0o755, 0o755],
    [0o644, 0o644],
    [0o600, 0o600],
    [0o444, 0o444],
    [0o000, 0o000],
    [0o777, 0o777],
    [0o4755, 0o755],
    [0o2755, 0o755],
    [0o1644, 0o644],
    [0o7777, 0o777],
  ] as const) {
    const dir = t.testdir({ 'file.bin': 'old' })
    const path = join(dir, 'file.bin')
    chmodSync(path, mode)
    const end = await get(`${server.url}/file.bin`, dir, { existing: 'replace' })
    t.equal(end.code, null, `${mode.toString(8)}: ${end.message}`)
    t.equal((statSync(path).mode & 0o7777).toString(8), want.toString(8))
    t.equal(end.result?.warnings.length, mode === want ? 0 : 1, mode.toString(8))
    if (mode !== want) t.match(end.result?.warnings[0], /was set-user-ID, set-group-ID or sticky/)
    chmodSync(path, 0o600)
    sameBytes(t, readOrNull(path), CONTENT)
  }
})

t.test('the command warns in one line of mode bits that are not kept', unix, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ 'file.bin': 'old' })
  chmodSync(join(dir, 'file.bin'), 0o6755)
  const args = ['--overwrite', '-o', 'file.bin', `${server.url}/file.bin`]
  const { status, stderr } = await rangeGet(args, dir).ended
  t.equal(status, 0, stderr)
  t.strictSame(stderr.match(/^note: [^\n]*set-user-ID[^\n]*$/gm)?.length, 1, stderr)
  t.notMatch((await rangeGet(args, dir).ended).stderr, /note:/, 'the new one has no such bits')
})

t.test('a file that only its owner may read is private during the download, too', unix, async (t) => {
  const server = await startSlow(A, 1024)
  t.teardown(() => server.stop())
  for (const [mode, want] of [
    [0o600, '600'],
    [0o644, '600'],
  ] as const) {
    const dir = t.testdir({ 'file.bin': 'old' })
    chmodSync(join(dir, 'file.bin'), mode)
    const stop = new AbortController()
    const { finished } = download(`${server.url}/file.bin`, join(dir, 'file.bin'), {
      existing: 'replace',
      signal: stop.signal,
    })
    const rejected = t.rejects(finished, { code: 'ERR_DOWNLOAD_ABORTED' })
    await server.hasServed(server.served + 50_000)
    t.equal((statSync(join(dir, 'file.bin.part')).mode & 0o7777).toString(8), want)
    stop.abort()
    await rejected
  }
})

t.test('a new file has the mode that the umask allows', unix, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const line = `umask 027; exec "$0" "$1" -q --overwrite -o file.bin "$2"`
  const args = ['-c', line, process.execPath, CLI, `${server.url}/file.bin`]
  t.equal((await spawnCommand('sh', args, { cwd: dir }).ended).status, 0)
  t.equal(statSync(join(dir, 'file.bin')).mode & 0o7777, 0o640)
})

t.test('owner and group are kept if that is allowed', root, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ 'file.bin': 'old' })
  const path = join(dir, 'file.bin')
  chownSync(path, 12_345, 23_456)
  chmodSync(path, 0o4750)
  const end = await get(`${server.url}/file.bin`, dir, { existing: 'replace' })
  sameBytes(t, end.file, CONTENT, end.message)
  const { uid, gid, mode } = statSync(path)
  t.strictSame([uid, gid, mode & 0o7777], [12_345, 23_456, 0o750])
})

t.test('a group that cannot be kept gives the new group only the rights of others', root, async (t) => {
  if (spawnSync('setpriv', ['--version']).status !== 0)
    return t.pass('run by another user', { skip: 'no setpriv(1) here' })
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ work: { 'file.bin': 'old' } })
  const work = join(dir, 'work')
  chownSync(join(work, 'file.bin'), 12_345, 23_456)
  chmodSync(join(work, 'file.bin'), 0o674)
  chownSync(work, 12_346, 12_346)
  const args = ['--reuid', '12346', '--regid', '12346', '--clear-groups', process.execPath, CLI]
  const env = { HOME: work }
  const line = [...args, '--overwrite', '-o', 'file.bin', `${server.url}/file.bin`]
  const { status, stderr } = await spawnCommand('setpriv', line, { cwd: work, env }).ended
  if (/EACCES|MODULE_NOT_FOUND/.test(stderr))
    return t.pass('run by another user', { skip: 'it cannot run the command here' })
  t.equal(status, 0, stderr)
  t.match(stderr, /^note: the file does not have the owner and group of the file it replaced/m)
  const { uid, gid, mode } = statSync(join(work, 'file.bin'))
  t.strictSame([uid, gid, (mode & 0o7777).toString(8)], [12_346, 12_346, '644'])
  return sameBytes(t, readOrNull(join(work, 'file.bin')), CONTENT)
})

t.test("another user's link in a shared folder is not followed", root, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ shared: {}, 'mine.bin': 'mine' })
  chmodSync(join(dir, 'shared'), 0o1777)
  symlinkSync('../mine.bin', join(dir, 'shared/file.bin'))
  lchownSync(join(dir, 'shared/file.bin'), 12_345, 12_345)
  const args = ['-q', '--overwrite', '-o', 'file.bin', `${server.url}/file.bin`]
  const { status, stderr } = await rangeGet(args, join(dir, 'shared')).ended
  t.equal(status, 9)
  t.match(stderr, /a symbolic link of another user/)
  t.equal(readFileSync(join(dir, 'mine.bin'), 'utf8'), 'mine')
  lchownSync(join(dir, 'shared/file.bin'), 0, 0)
  t.equal((await rangeGet(args, join(dir, 'shared')).ended).status, 0, 'our own is')
  sameBytes(t, readOrNull(join(dir, 'mine.bin')), CONTENT)
})

t.test('a link to another file system is an error for a name from the server', root, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ mount: {} })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', join(dir, 'mount')])
  if (mounted.status !== 0) return t.pass('mounted', { skip: 'a tmpfs cannot be mounted here' })
  t.teardown(() => execFileSync('umount', [join(dir, 'mount')]))
  const target = join(dir, 'mount/real.bin')
  writeFileSync(target, 'old')
  symlinkSync('mount/real.bin', join(dir, 'file.bin'))
  const url = `${server.url}/file.bin`
  const { finished } = download(url, { directory: dir }, { existing: 'replace' })
  await t.rejects(finished, { code: 'ERR_DOWNLOAD_UNWRITABLE', message: `Give the path ${target} itself` })
  t.equal(readFileSync(target, 'utf8'), 'old')
  t.strictSame(names(dir), ['file.bin', 'mount'])
  const named = await get(url, dir, { existing: 'replace' })
  sameBytes(t, named.file, CONTENT, named.message)
  t.strictSame(names(join(dir, 'mount')), ['real.bin'])
  return t.equal(readlinkSync(join(dir, 'file.bin')), 'mount/real.bin')
})

t.test('other names of a replaced file keep the old content', unix, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ 'file.bin': 'old' })
  linkSync(join(dir, 'file.bin'), join(dir, 'other'))
  const end = await get(`${server.url}/file.bin`, dir, { existing: 'replace' })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(readFileSync(join(dir, 'other'), 'utf8'), 'old')
})

t.test('a failed run leaves file, link and mode as they were', unix, async (t) => {
  const server = await startHostile((_request, socket) => void socket.destroy())
  t.teardown(() => server.stop())
  const dir = t.testdir({ away: { 'real.bin': 'old' } })
  chmodSync(join(dir, 'away/real.bin'), 0o755)
  symlinkSync('away/real.bin', join(dir, 'file.bin'))
  const end = await get(`${server.url}/file.bin`, dir, { existing: 'replace', retries: 0 })
  t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
  t.equal(readFileSync(join(dir, 'file.bin'), 'utf8'), 'old')
  t.equal(statSync(join(dir, 'file.bin')).mode & 0o7777, 0o755)
  t.strictSame(names(join(dir, 'away')), ['real.bin'])
})

/** What is in a directory, and of which kind. */
function look(dir: string): string[] {
  return names(dir).map((name) => `${name} ${lstatSync(join(dir, name)).mode.toString(8)}`)
}

/** The devices that a wrong rename would replace. */
function devices(): string[] {
  return ['/dev/null', '/dev/zero', '/dev/stdout'].map((path) => {
    const { mode, ino } = lstatSync(path)
    return `${path} ${mode} ${ino}`
  })
}
