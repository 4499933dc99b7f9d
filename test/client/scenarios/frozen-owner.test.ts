// A run is stopped while its file gets the final name, and another run takes over its lock.
import { rmSync, statSync } from 'node:fs'
import promises from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { until } from '../../plugin/support/serve.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { gate } from '../support/gate.ts'
import {
  answerHonestly,
  head,
  makeContent,
  part,
  type Resource,
  resource,
  send,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { hookFunction, refuse } from '../support/refusals.ts'
import { type End, get, names, readOrNull } from '../support/run.ts'
import { replaceByForeign } from '../support/silent-lock.ts'

/** Two versions of a file. */
interface Versions {
  readonly a: Resource
  readonly b: Resource
}

function versions(size: number): Versions {
  return { a: resource(makeContent(size, 'version A')), b: resource(makeContent(size, 'version B')) }
}

const SMALL = versions(300_000)
/** Its part file has a name of its own before it gets the final one. */
const LARGE = versions(1_100_000)

// A run that takes over a lock watches it for five seconds first.
t.setTimeout(400_000)

/** Serves A, then B after a switch. The second half of B waits for `rest`. */
async function startTwo({ a, b }: Versions) {
  const size = b.content.length
  const state = { isSecond: false, half: gate(), rest: gate() }
  const server = await startHostile(async (request, socket) => {
    if (!state.isSecond) return answerHonestly(a, request, socket)
    const range = wanted(request, size)
    const { start, end } = range ?? { start: 0, end: size }
    socket.write(
      range === null ? head('200 OK', { ...b.fields, 'content-length': size }) : part(range, size, b.fields),
    )
    const middle = Math.ceil((start + end) / 2)
    await send(socket, b.content.subarray(start, middle))
    state.half.open()
    await state.rest.passed
    return await send(socket, b.content.subarray(middle, end))
  })
  return { server, state }
}

/** Stops the first call of `name` for which `isIt` until `go`. Returns what undoes the hook. */
function freeze(
  name: 'link' | 'rename',
  isIt: (from: string, to: string) => boolean,
): { frozen: Promise<void>; go: () => void; undo: () => void } {
  const [frozen, going] = [gate(), gate()]
  const own = promises[name]
  let isFirst = true
  const undo = hookFunction(name, async (...args: unknown[]) => {
    const [from = '', to = ''] = args.map(String)
    if (isFirst && isIt(from, to)) {
      isFirst = false
      frozen.open()
      await going.passed
    }
    return await own(from, to)
  })
  return { frozen: frozen.passed, go: going.open, undo }
}

const inodeOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.ino ?? null

const makeForeign = (dir: string): void => replaceByForeign(join(dir, 'file.bin.part.lock'))
const deleteLock = (dir: string): void => rmSync(join(dir, 'file.bin.part.lock'))

const isFinal = (_from: string, to: string): boolean => to.endsWith('/file.bin')
const isOwn = (_from: string, to: string): boolean => to.includes('.part.done.')

const ROWS = [
  { name: 'before the link', at: 'link', isIt: isFinal, existing: 'refuse', lose: deleteLock },
  { name: 'before the link', at: 'link', isIt: isFinal, existing: 'refuse', lose: makeForeign },
  { name: 'before the rename', at: 'rename', isIt: isFinal, existing: 'replace', lose: deleteLock },
  { name: 'before the rename', at: 'rename', isIt: isFinal, existing: 'replace', lose: makeForeign },
  { name: 'before it is apart', at: 'rename', isIt: isOwn, existing: 'refuse', lose: makeForeign },
  { name: 'before it is apart', at: 'rename', isIt: isOwn, existing: 'replace', lose: deleteLock },
  { name: 'small', at: 'link', isIt: isFinal, existing: 'refuse', lose: deleteLock, of: SMALL },
  { name: 'small', at: 'link', isIt: isFinal, existing: 'refuse', lose: makeForeign, of: SMALL },
  { name: 'small', at: 'rename', isIt: isFinal, existing: 'replace', lose: makeForeign, of: SMALL },
] as const

function versionsOf(row: (typeof ROWS)[number]): Versions {
  return 'of' in row ? row.of : LARGE
}

/** Starts a run, stops it where the row says, and removes its lock. */
async function freezeFirst(t: Test, row: (typeof ROWS)[number]) {
  const { at, isIt, existing, lose } = row
  const { server, state } = await startTwo(versionsOf(row))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const url = `${server.url}/file.bin`
  const { frozen, go, undo } = freeze(at, isIt)
  t.teardown(undo)
  const first = get(url, dir, { existing })
  await frozen
  lose(dir)
  state.isSecond = true
  return { state, dir, url, go, first }
}

for (const row of ROWS) {
  const { name, existing, lose } = row
  t.test(
    `a run that was stopped does not disturb a successor that is downloading (${name}, ${lose.name})`,
    async (t) => {
      const { state, dir, url, go, first } = await freezeFirst(t, row)
      const isPart = row.isIt === isOwn
      const inode = inodeOf(join(dir, 'file.bin.part'))
      const second = get(url, dir, { existing, connections: 1 })
      await state.half.passed
      // The successor's own file has that name now, or none has it.
      if (isPart) await until(() => inodeOf(join(dir, 'file.bin.part')) !== inode)
      go()
      const end: End = await first
      t.match(end.code, /^ERR_DOWNLOAD_(?:BUSY|UNWRITABLE)$/, end.message)
      t.equal(end.file, null, 'no file has the final name yet')
      state.rest.open()
      const { code, message, file } = await second
      t.equal(code, null, message)
      sameBytes(t, file, versionsOf(row).b.content)
      t.strictSame(names(dir), ['file.bin'])
    },
  )

  t.test(
    `a run that was stopped does not replace the file of a successor (${name}, ${lose.name})`,
    async (t) => {
      const { state, dir, url, go, first } = await freezeFirst(t, row)
      state.rest.open()
      t.equal((await get(url, dir, { existing })).code, null)
      go()
      t.match((await first).code, /^ERR_DOWNLOAD_/)
      sameBytes(t, readOrNull(join(dir, 'file.bin')), versionsOf(row).b.content, 'the newer file stays')
      t.strictSame(names(dir), ['file.bin'])
    },
  )
}

t.test('a run that was stopped before the rename does not replace a file (without hard links)', async (t) => {
  const { server, state } = await startTwo(LARGE)
  t.teardown(() => server.stop())
  t.teardown(await refuse('link', 'EPERM'))
  const dir = t.testdir({})
  const { frozen, go, undo } = freeze('rename', isFinal)
  t.teardown(undo)
  const first = get(`${server.url}/file.bin`, dir)
  await frozen
  deleteLock(dir)
  rmSync(join(dir, 'file.bin')) // the placeholder
  state.isSecond = true
  const second = get(`${server.url}/file.bin`, dir, { connections: 1 })
  await state.half.passed
  go()
  t.match((await first).code, /^ERR_DOWNLOAD_/)
  state.rest.open()
  const { code, message, file } = await second
  t.equal(code, null, message)
  sameBytes(t, file, LARGE.b.content)
  t.strictSame(names(dir), ['file.bin'])
})

t.test('everything is resumed after a kill while the file has only its temporary name', async (t) => {
  const { server } = await startTwo(LARGE)
  t.teardown(() => server.stop())
  const hooks = ['with-kill', 'with-refusals'].map((name) =>
    fileURLToPath(new URL(`../support/${name}.js`, import.meta.url)),
  )
  const NODE_OPTIONS = hooks.map((path) => `--import ${path}`).join(' ')
  for (const args of [['-o', 'file.bin'], []]) {
    for (const REFUSE of ['', 'link:EPERM']) {
      const dir = t.testdir({})
      const env = { REFUSE, KILL: 'rename:\\.part\\.done\\.', NODE_OPTIONS }
      const killed = await rangeGet(['-q', ...args, `${server.url}/file.bin`], dir, env).ended
      t.equal(killed.signal, 'SIGKILL', killed.stderr)
      t.equal(names(dir).filter((name) => name.includes('.part.done.')).length, 1)
      // A run with another URL that leads to the same name does not touch it.
      if (args.length === 0)
        t.equal((await rangeGet(['-q', `${server.url}/x/file.bin`], dir).ended).status, 0)
      if (args.length === 0) rmSync(join(dir, 'file.bin'))
      const { status, stdout } = await rangeGet(['--json', ...args, `${server.url}/file.bin`], dir).ended
      t.equal(status, 0, stdout)
      t.ok(JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}').resumed > LARGE.a.content.length / 2)
      sameBytes(t, readOrNull(join(dir, 'file.bin')), LARGE.a.content)
      t.strictSame(names(dir), ['file.bin'])
    }
  }
})
