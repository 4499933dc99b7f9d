// Locks whose owner this machine cannot check: they hold only while the owner is alive.
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { type Running, rangeGet, spawnCommand } from '../support/command.ts'
import { makeContent, resource } from '../support/hostile-server.ts'
import { recorded } from '../support/kill.ts'
import { get, names, readOrNull } from '../support/run.ts'
import { makeForeign, silenceOwner } from '../support/silent-lock.ts'
import { type SlowServer, startSlow } from '../support/slow-server.ts'

const SIZE = 3_000_000
const CONTENT = makeContent(SIZE)
const A = resource(CONTENT)
const isLinux = process.platform === 'linux'

// A takeover watches for five seconds first.
t.setTimeout(180_000)

/** A run that has recorded something and goes on. */
async function startRun(server: SlowServer, dir: string, via: readonly string[] = []): Promise<Running> {
  const command = [...via, process.execPath, CLI, '-q', '-n', '1', '-o', 'file.bin', `${server.url}/file.bin`]
  const run = spawnCommand(command[0] ?? '', command.slice(1), { cwd: dir })
  await server.hasServed(server.served + SIZE / 4)
  while (recorded(dir) === 0) await sleep(10)
  return run
}

const lockOf = (dir: string): string => join(dir, 'file.bin.part.lock')

t.test(
  'a frozen run that continues after a takeover changes nothing',
  { skip: isLinux ? false : 'needs /proc' },
  async (t) => {
    const server = await startSlow(A, 16 * 1024)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const frozen = await startRun(server, dir)
    frozen.child.kill('SIGSTOP')
    makeForeign(lockOf(dir))
    const { ino } = statSync(join(dir, 'file.bin.part'))
    const end = await get(`${server.url}/file.bin`, dir)
    t.equal(end.code, null, end.message)
    t.ok((end.result?.resumed ?? 0) > 0, 'what the frozen one had received is used')
    sameBytes(t, end.file, CONTENT)
    t.not(statSync(join(dir, 'file.bin')).ino, ino, 'in a new file')
    writeFileSync(join(dir, 'file.bin'), 'changed by its user')
    frozen.child.kill('SIGCONT')
    const { status } = await frozen.ended
    t.equal(status, 10)
    t.equal(readFileSync(join(dir, 'file.bin'), 'utf8'), 'changed by its user')
    t.strictSame(names(dir), ['file.bin'])
  },
)

t.test(
  'a frozen run that continues during a takeover changes nothing',
  { skip: isLinux ? false : 'needs /proc' },
  async (t) => {
    const server = await startSlow(A, 16 * 1024)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const frozen = await startRun(server, dir)
    frozen.child.kill('SIGSTOP')
    makeForeign(lockOf(dir))
    const other = resource(makeContent(SIZE, 'version B'))
    server.resource = other
    const before = server.requests.length
    const next = get(`${server.url}/file.bin`, dir, { connections: 1 })
    while (server.requests.length === before) await sleep(10)
    frozen.child.kill('SIGCONT')
    t.equal((await frozen.ended).status, 10)
    const end = await next
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, other.content, 'no byte of the old version')
  },
)

t.test('every version of a file starts in a new part file', async (t) => {
  const server = await startSlow(A, 16 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = rangeGet(['-q', '-n', '1', '-o', 'file.bin', `${server.url}/file.bin`], dir)
  await server.hasServed(SIZE / 4)
  run.child.kill('SIGKILL')
  await run.ended
  const { ino } = statSync(join(dir, 'file.bin.part'))
  server.resource = resource(makeContent(SIZE, 'version B'))
  const end = await get(`${server.url}/file.bin`, dir)
  sameBytes(t, end.file, server.resource.content)
  t.not(statSync(join(dir, 'file.bin')).ino, ino)
})

t.test('an owner that is alive keeps its lock, even with an old heartbeat', async (t) => {
  const server = await startSlow(A, 2 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = await startRun(server, dir)
  makeForeign(lockOf(dir)) // as when clocks differ: its next heartbeat shows that it lives
  const second = await get(`${server.url}/file.bin`, dir)
  t.equal(second.code, 'ERR_DOWNLOAD_BUSY')
  run.child.kill('SIGKILL')
  await run.ended
})

const namespaces = (flags: readonly string[]): string | false =>
  spawnSync('unshare', [...flags, 'true']).status === 0 ? false : 'unshare(1) is not allowed here'

for (const [name, flags] of [
  ['another pid namespace', ['--pid', '--fork', '--kill-child', '--mount-proc']],
  ['another host name', ['--uts', 'sh', '-c', 'hostname elsewhere; exec "$0" "$@"']],
] as const) {
  const probe = flags.filter((flag) => flag.startsWith('--'))
  t.test(
    `an owner in ${name} keeps its lock`,
    { skip: isLinux ? namespaces(probe) : 'needs the namespaces of Linux' },
    async (t) => {
      const server = await startSlow(A, 2 * 1024)
      t.teardown(() => server.stop())
      const dir = t.testdir({})
      const run = await startRun(server, dir, ['unshare', ...flags])
      t.equal((await get(`${server.url}/file.bin`, dir)).code, 'ERR_DOWNLOAD_BUSY', 'it lives')
      silenceOwner(lockOf(dir))
      t.equal((await get(`${server.url}/file.bin`, dir)).code, 'ERR_DOWNLOAD_BUSY', 'it lives still')
      run.child.kill('SIGKILL')
      await run.ended
      await sleep(100)
      silenceOwner(lockOf(dir))
      server.resource = resource(makeContent(1000))
      const end = await get(`${server.url}/file.bin`, dir)
      t.equal(end.code, null, `dead, it does not hold: ${end.message}`)
      t.equal(readOrNull(join(dir, 'file.bin'))?.length, 1000)
    },
  )
}

t.test('the next run on the same machine clears the lock of a killed run at once, and resumes', async (t) => {
  const server = await startSlow(A, 16 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = await startRun(server, dir)
  run.child.kill('SIGKILL')
  await run.ended
  const { ino } = statSync(join(dir, 'file.bin.part'))
  const end = await get(`${server.url}/file.bin`, dir)
  t.ok((end.result?.resumed ?? 0) > 0)
  sameBytes(t, end.file, CONTENT)
  t.equal(statSync(join(dir, 'file.bin')).ino, ino, 'no copy is made')
})

t.test('a run whose lock was deleted by hand says that, and the next one continues', async (t) => {
  const server = await startSlow(A, 16 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = await startRun(server, dir)
  spawnSync('rm', [join(dir, 'file.bin.part.lock')])
  const { status, stderr } = await run.ended
  t.equal(status, 10)
  t.match(stderr, /file\.bin\.part\.lock, the lock of this run, was deleted\. .* run again/)
  const end = await get(`${server.url}/file.bin`, dir)
  t.ok((end.result?.resumed ?? 0) > 0)
  sameBytes(t, end.file, CONTENT)
})

t.test('after its lock was deleted, a running download and a new one use different files', async (t) => {
  const server = await startSlow(A, 16 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = await startRun(server, dir)
  run.child.kill('SIGSTOP')
  spawnSync('rm', [join(dir, 'file.bin.part.lock')])
  const { ino } = statSync(join(dir, 'file.bin.part'))
  const end = await get(`${server.url}/file.bin`, dir)
  t.ok((end.result?.resumed ?? 0) > 0)
  t.not(statSync(join(dir, 'file.bin')).ino, ino)
  run.child.kill('SIGCONT')
  await run.ended
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})
