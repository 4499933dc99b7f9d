// Compares the table of files in range-get's README with the files that appear on the disk during runs.
import { mkdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { rangeGet } from '../client/support/command.ts'
import { honest, makeContent, resource, startHostile } from '../client/support/hostile-server.ts'
import { names } from '../client/support/run.ts'
import { makeForeign } from '../client/support/silent-lock.ts'
import { plain, readDocument, tableUnder } from './support/markdown.ts'

const README = readDocument('demo-client/README.md')
// A smaller file would have no journal.
const FILES = resource(makeContent(1_100_000))
const ID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/

// A takeover watches for five seconds first.
t.setTimeout(300_000)

/** The name of a file in the table. */
function called(name: string): string {
  return name.replace(ID, 'ID').replace(/^(\.?)file\.bin/, '$1NAME')
}

/** Records the names of files that appear in a folder. `end` returns them. */
function follow(folder: string): { end: () => Promise<Set<string>> } {
  const seen = new Set<string>()
  const watcher = watch(folder, (_event, name) => seen.add(called(name ?? '')))
  const end = async (): Promise<Set<string>> => {
    writeFileSync(join(folder, 'last'), '')
    while (!seen.delete('last')) await sleep(10)
    watcher.close()
    rmSync(join(folder, 'last'))
    return seen
  }
  return { end }
}

interface Row {
  readonly name: string
  readonly env?: NodeJS.ProcessEnv
  /** More options. */
  readonly args?: readonly string[]
  /** An earlier run is killed at this step. */
  readonly first?: string
  /** Changes the lock of that run. */
  readonly lock?: (path: string) => void
}

const KILLED = 'rename:\\.part\\.done\\.'
const ROWS: readonly Row[] = [
  { name: 'a first run' },
  { name: 'a run that records the file', args: ['--update'] },
  { name: 'no hard links', env: { REFUSE: 'link:EPERM' } },
  { name: 'a run that resumes a killed one', first: KILLED },
  { name: 'a run that takes over from another machine', first: KILLED, lock: makeForeign },
]

/** Runs the command as the row says. Returns what appeared beside the output, and beside the secret. */
async function trace(
  t: Test,
  { args: more = [], env = {}, first, lock }: Row,
): Promise<{ beside: Set<string>; home: Set<string> }> {
  const server = await startHostile(honest(FILES))
  t.teardown(() => server.stop())
  const root = t.testdir({ work: {}, state: {} })
  const [dir, home] = [join(root, 'work'), join(root, 'state', 'range-get')]
  mkdirSync(home, { mode: 0o700 })
  const hooks = ['with-kill', 'with-refusals'].map((name) =>
    fileURLToPath(new URL(`../client/support/${name}.js`, import.meta.url)),
  )
  const NODE_OPTIONS = hooks.map((path) => `--import ${path}`).join(' ')
  const usual = { XDG_STATE_HOME: join(root, 'state'), NODE_OPTIONS, ...env }
  const args = ['-q', ...more, '-o', 'file.bin', `${server.url}/file.bin`]
  if (first !== undefined) await rangeGet(args, dir, { ...usual, KILL: first }).ended
  lock?.(join(dir, 'file.bin.part.lock'))
  const [followed, atHome] = [follow(dir), follow(home)]
  const { status, stderr } = await rangeGet(args, dir, usual).ended
  t.equal(status, 0, stderr)
  const seen = { beside: await followed.end(), home: await atHome.end() }
  const left = more.includes('--update') ? ['.file.bin.range-get', 'file.bin'] : ['file.bin']
  t.strictSame([names(dir), names(home)], [left, ['journal.key']], 'the files that are left')
  return seen
}

const table = tableUnder(README, 'What lies on disk').map(({ file }) => plain(file))

t.test(
  '"What lies on disk" lists all files that appear, and no others',
  { skip: process.platform === 'linux' ? false : 'the watching of folders names every file on Linux only' },
  async (t) => {
    const seen = new Set<string>()
    for (const row of ROWS) {
      await t.test(row.name, async (t) => {
        const { beside, home } = await trace(t, row)
        for (const name of [...beside, ...home]) {
          t.ok(table.includes(name), `${name} is in the table`)
          seen.add(name)
        }
      })
    }
    t.strictSame([...seen].sort(), [...table].sort())
  },
)
