// `npm run demo` and `npm start` in copies of the repository: not built, built, locked, and without what `npm ci` installs.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { withoutPrivileges } from '../support/ordinary-user.ts'
import { REPOSITORY } from '../support/repository.ts'
import { sameBytes } from '../support/same-bytes.ts'
import { environment } from './support/package-user.ts'
import { copyTree } from './support/tree-copy.ts'

// It copies and builds everything.
t.setTimeout(300_000)

const SOURCE = readFileSync(`${REPOSITORY}demo-server/files/2.txt`)
const DEMO = ['run', 'demo', '--', '--port', '0', '--step', '100']
const AS_BUILT = /^demo: this folder cannot be written to, so it runs as it was built$/m

/** Runs npm as an ordinary user, whose temporary folder is `temporary`. */
function npm(cwd: string, temporary: string, args: readonly string[]): SpawnSyncReturns<string> {
  const [command, all] = withoutPrivileges('env', ['-u', 'NODE_OPTIONS', 'npm', ...args])
  return spawnSync(command, all, { cwd, env: { ...environment(), TMPDIR: temporary }, encoding: 'utf8' })
}

function lock(folder: string): void {
  spawnSync('chmod', ['-R', 'a-w', folder])
}

t.test('the demo of a tree that is not built builds it and runs', async (t) => {
  const copy = await copyTree(t, 'clean')
  const { status, stderr } = npm(copy, t.testdir({}), DEMO)
  t.equal(stderr, '')
  t.equal(status, 0)
  sameBytes(t, readFileSync(join(copy, '3.txt')), SOURCE, '3.txt is 2.txt')
})

t.test('the demo of a locked tree that is built runs as it was built', async (t) => {
  const copy = await copyTree(t, 'built')
  lock(copy)
  const temporary = t.testdir({})
  const { status, stderr } = npm(copy, temporary, [...DEMO, '--out', join(temporary, 'copy.txt')])
  t.match(stderr, AS_BUILT)
  t.equal(status, 0)
  sameBytes(t, readFileSync(join(temporary, 'copy.txt')), SOURCE, 'copy.txt is 2.txt')
})

t.test('a locked tree that is not built says so', async (t) => {
  const copy = await copyTree(t, 'clean')
  lock(copy)
  for (const args of [DEMO, ['start']]) {
    const { status, stderr } = npm(copy, t.testdir({}), args)
    t.match(stderr, /^demo(-server)?: it is not built yet, and \S+dist cannot be written: let the owner/m)
    t.equal(status, 1)
  }
})

t.test('a tree without what npm ci installs says so', async (t) => {
  const copy = await copyTree(t, 'clean')
  await rm(join(copy, 'node_modules'), { recursive: true })
  await mkdir(join(copy, 'node_modules'))
  for (const args of [DEMO, ['start']]) {
    const { status, stderr } = npm(copy, t.testdir({}), args)
    t.match(stderr, /^demo(-server)?: run "npm ci" first$/m)
    t.equal(status, 1)
    t.notOk(readdirSync(copy).includes('.build'))
  }
})
