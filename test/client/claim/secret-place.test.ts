// The folder of the secret of journals: there is exactly one.
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { rangeGet } from '../support/command.ts'
import { honest, resource, startHostile } from '../support/hostile-server.ts'
import { names } from '../support/run.ts'

const SMALL = resource(Buffer.from('small'))
const NOTICE = /a later run cannot resume this one: /

interface Row {
  name: string
  /** `DIR` is replaced by the folder of the test. */
  env: NodeJS.ProcessEnv
  /** The folder that has the secret then, or null. */
  place: string | null
  /** Why there is no secret. */
  reason?: RegExp
}

const rows: Row[] = [
  { name: 'XDG_STATE_HOME', env: { XDG_STATE_HOME: 'DIR/state' }, place: 'state' },
  { name: 'XDG_STATE_HOME that is not there yet', env: { XDG_STATE_HOME: 'DIR/new/er' }, place: 'new/er' },
  { name: 'no XDG_STATE_HOME', env: {}, place: 'home/.local/state' },
  { name: 'an empty XDG_STATE_HOME', env: { XDG_STATE_HOME: '' }, place: 'home/.local/state' },
  { name: 'a relative XDG_STATE_HOME', env: { XDG_STATE_HOME: 'state' }, place: 'home/.local/state' },
  {
    name: 'XDG_STATE_HOME that is a file',
    env: { XDG_STATE_HOME: 'DIR/file' },
    place: null,
    reason: /ENOTDIR|EEXIST/,
  },
  {
    name: 'XDG_STATE_HOME below a file',
    env: { XDG_STATE_HOME: 'DIR/file/x' },
    place: null,
    reason: /ENOTDIR/,
  },
  {
    name: 'XDG_STATE_HOME whose secret others can read',
    env: { XDG_STATE_HOME: 'DIR/open' },
    place: null,
    reason: /mode 0600/,
  },
  {
    name: 'XDG_STATE_HOME whose secret is damaged',
    env: { XDG_STATE_HOME: 'DIR/damaged' },
    place: null,
    reason: /is damaged\. Delete it/,
  },
  { name: 'a home that is a file', env: { HOME: 'DIR/file' }, place: null, reason: /ENOTDIR/ },
  { name: 'a relative home', env: { HOME: 'home' }, place: null, reason: /there is no home directory/ },
]

for (const { name, env, place, reason = /^$/ } of rows) {
  t.test(name, { skip: process.platform === 'win32' && 'Windows has LOCALAPPDATA' }, async (t) => {
    const server = await startHostile(honest(SMALL))
    t.teardown(() => server.stop())
    const key = 'k'.repeat(32)
    const dir = t.testdir({
      state: {},
      home: {},
      work: {},
      file: '',
      open: { 'range-get': { 'journal.key': key } },
      damaged: { 'range-get': { 'journal.key': 'short' } },
    })
    chmodSync(join(dir, 'open/range-get/journal.key'), 0o644)
    chmodSync(join(dir, 'damaged/range-get/journal.key'), 0o600)
    const given = { HOME: 'DIR/home', XDG_STATE_HOME: undefined, ...env }
    const full = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, value?.replace('DIR', dir)]),
    )
    const run = rangeGet(['--json', `${server.url}/x`], join(dir, 'work'), full)
    const { status, stdout, stderr } = await run.ended
    t.equal(status, 0, stderr)
    t.strictSame(names(join(dir, 'work')), ['x'])
    const keys = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('journal.key') && !/^(?:open|damaged)/.test(path),
    )
    t.strictSame(keys, place === null ? [] : [join(place, 'range-get/journal.key')])
    if (place === null) {
      t.match(stdout, NOTICE)
      t.match(stdout, reason)
      t.notOk(existsSync(join(dir, 'home/.local')), 'no other place is tried')
    } else t.notMatch(stdout, NOTICE)
  })
}
