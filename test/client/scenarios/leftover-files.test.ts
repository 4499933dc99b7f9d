// Temporary files that a run finds. Those of running processes stay, and so do files that only look like one. A run that
// was stopped for some time goes on even after its file was removed.
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs, { existsSync, linkSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { type Running, spawnCommand } from '../support/command.ts'
import { answerHonestly, honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { hookFunction } from '../support/refusals.ts'
import { get, names, readOrNull } from '../support/run.ts'
import { silenceOwner } from '../support/silent-lock.ts'

const CONTENT = makeContent(100_000)
const A = resource(CONTENT)
const isLinux = process.platform === 'linux'
const HOOKS = fileURLToPath(new URL('../support/with-kill.js', import.meta.url))

t.setTimeout(300_000)

/** A folder to download to, and a home folder for the secret. */
function folders(t: Test): { dir: string; home: string; env: NodeJS.ProcessEnv } {
  const root = t.testdir({ work: {}, state: {} })
  const [dir, state] = [join(root, 'work'), join(root, 'state')]
  return { dir, home: join(state, 'range-get'), env: { XDG_STATE_HOME: state } }
}

interface Start {
  readonly dir: string
  readonly env: NodeJS.ProcessEnv
  readonly via?: readonly string[]
}

/** Starts the command under the hook that kills or stops it. */
function start(t: Test, url: string, { dir, env, via = [] }: Start): Running {
  const args = ['-q', '--overwrite', '-o', 'file.bin', url]
  const [command = '', ...more] = [...via, process.execPath, CLI, ...args]
  const run = spawnCommand(command, more, { cwd: dir, env: { ...env, NODE_OPTIONS: `--import ${HOOKS}` } })
  t.teardown(() => run.child.kill('SIGKILL'))
  return run
}

async function startServer(t: Test): Promise<string> {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  return `${server.url}/file.bin`
}

/** The first name in `folder` that `pattern` matches, as soon as there is one. */
async function appearing(folder: string, pattern: RegExp): Promise<string> {
  for (;;) {
    const found = existsSync(folder) ? names(folder).find((name) => pattern.test(name)) : undefined
    if (found !== undefined) return join(folder, found)
    await sleep(10)
  }
}

t.test('a file that only looks like a temporary one is not removed', async (t) => {
  const url = await startServer(t)
  const { dir, home, env } = folders(t)
  mkdirSync(home, { mode: 0o700 })
  const id = randomUUID()
  const beside = [
    'file.bin.part.lock.abc',
    `file.bin.part.lock.${id}`,
    ...['new', 'done', 'old', 'now'].map((stage) => `file.bin.part.lock.${stage}.${id}`),
    ...['new', 'done', 'old'].map((stage) => `file.bin.part.${stage}.${id}`),
    `file.bin.part.json.new.${id}`,
    'file.bin.part.json.tmp',
  ].map((name) => join(dir, name))
  const atHome = ['journal.key.bak', `journal.key.${id}`, `journal.key.new.${id}`].map((name) =>
    join(home, name),
  )
  for (const path of [...beside, ...atHome]) writeFileSync(path, 'mine', { mode: 0o600 })
  const look = (): string[] =>
    [...beside, ...atHome].map((path) => `${path} ${readOrNull(path)} ${fs.lstatSync(path).ino}`)
  const before = look()
  for (let run = 0; run < 2; run++) t.equal((await start(t, url, { dir, env }).ended).status, 0)
  t.strictSame(look(), before)
  t.strictSame(names(dir), ['file.bin', ...beside.map((path) => basename(path))].sort())
  t.strictSame(names(home), ['journal.key', ...atHome.map((path) => basename(path))].sort())
})

t.test(
  'something with the name of a dead run that is not a regular file is not removed',
  { skip: isLinux ? false : 'needs /proc' },
  async (t) => {
    const url = await startServer(t)
    const { dir, env } = folders(t)
    const killed = await start(t, url, { dir, env: { ...env, KILL: 'open:\\.part\\.lock\\.new\\.' } }).ended
    t.equal(killed.signal, 'SIGKILL', killed.stderr)
    const [draft = ''] = names(dir)
    const id = draft.slice(-36)
    const named = (stage: string): string => join(dir, `file.bin.part.${stage}.${id}`)
    writeFileSync(join(dir, 'precious'), 'precious')
    fs.symlinkSync('precious', named('lock.now'))
    fs.symlinkSync('precious', named('done'))
    mkdirSync(named('new'))
    spawnSync('mkfifo', [named('lock.old'), named('json.new')])
    t.equal((await start(t, url, { dir, env }).ended).status, 0)
    t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'precious')
    const kept = ['done', 'json.new', 'lock.now', 'lock.old', 'new'].map((stage) => basename(named(stage)))
    t.strictSame(names(dir), ['file.bin', ...kept, 'precious'].sort(), 'the draft of the lock is removed')
  },
)

t.test('a temporary name that is a second link to another file does not cost its bytes', async (t) => {
  const url = await startServer(t)
  const { dir, env } = folders(t)
  await start(t, url, { dir, env: { ...env, KILL: 'open:\\.part\\.lock\\.new\\.' } }).ended
  const [draft = ''] = names(dir)
  rmSync(join(dir, draft))
  writeFileSync(join(dir, 'precious'), 'precious')
  linkSync(join(dir, 'precious'), join(dir, draft))
  t.equal((await start(t, url, { dir, env }).ended).status, 0)
  t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'precious')
})

const STOPS = [
  {
    name: 'the draft of its lock',
    step: 'open:\\.part\\.lock\\.new\\.',
    draft: /\.part\.lock\.new\./,
    at: 'dir',
  },
  {
    name: 'the draft of the secret',
    step: 'open:journal\\.key\\.new\\.',
    draft: /^journal\.key\.new\./,
    at: 'home',
  },
] as const

for (const { name, step, draft, at } of STOPS) {
  for (const isTaken of [false, true]) {
    t.test(
      `a run that is stopped and continued finishes (beside ${name}${isTaken ? ', which is then removed' : ''})`,
      { skip: isLinux ? false : 'needs /proc' },
      async (t) => {
        const url = await startServer(t)
        const place = folders(t)
        const { dir, home, env } = place
        const frozen = start(t, url, { dir, env: { ...env, STOP: step } })
        const path = await appearing(place[at], draft)
        t.equal((await start(t, url, { dir, env }).ended).status, 0, 'another run is not delayed')
        t.ok(existsSync(path), 'the file of a running process stays')
        if (isTaken) rmSync(path)
        frozen.child.kill('SIGCONT')
        const { status, stderr } = await frozen.ended
        t.equal(status, 0, stderr)
        sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
        t.strictSame([names(dir), names(home)], [['file.bin'], ['journal.key']])
      },
    )
  }
}

const namespaces = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

t.test(
  'the draft of a run in another pid namespace stays for a while, and that run makes another one later',
  { skip: namespaces ? false : 'unshare(1) is not allowed here' },
  async (t) => {
    const url = await startServer(t)
    const { dir, home, env } = folders(t)
    t.equal((await start(t, url, { dir, env }).ended).status, 0, 'the secret exists')
    // The first process of a namespace cannot stop itself.
    const via = [
      'unshare',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      '"$0" "$@"; exit $?',
    ]
    const frozen = start(t, url, { dir, env: { ...env, STOP: 'open:\\.part\\.lock\\.new\\.' }, via })
    const path = await appearing(dir, /\.part\.lock\.new\./)
    t.equal((await start(t, url, { dir, env }).ended).status, 0)
    t.ok(existsSync(path), 'its run may still exist')
    const old = new Date(Date.now() - 3_600_000)
    utimesSync(path, old, old)
    t.equal((await start(t, url, { dir, env }).ended).status, 0)
    t.notOk(existsSync(path), 'after an hour without a sign its run counts as dead')
    for (let pid = frozen.child.pid ?? 0; pid > 0; pid = childOf(pid)) process.kill(pid, 'SIGCONT')
    const { status, stderr } = await frozen.ended
    t.equal(status, 0, stderr)
    t.strictSame([names(dir), names(home)], [['file.bin'], ['journal.key']])
  },
)

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] ?? 0)
}

t.test('a run that was stopped while it looked for files removes no file of its successor', async (t) => {
  let goOn = (): void => undefined
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const server = await startHostile(async (request, socket) => {
    await held
    answerHonestly(A, request, socket)
  })
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const { readdir } = promises
  let wake = (): void => undefined
  let stopped = (): void => undefined
  const isStopped = new Promise<void>((resolve) => {
    stopped = resolve
  })
  const woken = new Promise<void>((resolve) => {
    wake = resolve
  })
  let isFirst = true
  const undo = hookFunction('readdir', async (...args: unknown[]) => {
    if (isFirst && names(dir).includes('file.bin.part.lock')) {
      isFirst = false
      stopped()
      await woken
    }
    return await Reflect.apply(readdir, promises, args)
  })
  t.teardown(undo)
  const first = get(`${server.url}/file.bin`, dir)
  await isStopped
  rmSync(join(dir, 'file.bin.part.lock'))
  const second = get(`${server.url}/file.bin`, dir, { stallTimeout: 60_000 })
  const draft = await appearing(dir, /\.part\.new\./)
  wake()
  t.equal((await first).code, 'ERR_DOWNLOAD_BUSY')
  t.ok(existsSync(draft), 'it stays')
  goOn()
  const { code, message, file } = await second
  t.equal(code, null, message)
  sameBytes(t, file, CONTENT)
  t.strictSame(names(dir), ['file.bin'])
})

t.test('a run that is killed while it reads the time leaves the lock of another machine', async (t) => {
  const url = await startServer(t)
  const { dir, env } = folders(t)
  const lock = join(dir, 'file.bin.part.lock')
  const owner = { token: randomUUID(), pid: 1, started: '1', place: 'elsewhere boot ns' }
  writeFileSync(lock, JSON.stringify(owner))
  silenceOwner(lock)
  await start(t, url, { dir, env: { ...env, KILL: 'open:\\.part\\.lock\\.now\\.' } }).ended
  t.equal(names(dir).filter((name) => name.includes('.lock.now.')).length, 1)
  t.equal((await start(t, url, { dir, env }).ended).status, 0)
  t.strictSame(names(dir), ['file.bin'])
})
