// State files that another server or another user has put there are never trusted and never written to.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { download } from 'range-get'
import t from 'tap'
import { encodeJournal } from '#client/state/journal-format.js'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { environment, rangeGet, spawnCommand } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { ARGS, killAfter } from '../support/kill.ts'
import { get, names, QUICK, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const SIZE = 3_000_000
const CONTENT = makeContent(SIZE)
const A = resource(CONTENT)
const EVIL = makeContent(SIZE, 'evil version')

t.setTimeout(120_000)

/** What a server would have to plant for `url`, had it the secret. */
function journalFor(url: string, secret: string, part: { inode: string; born: null } | null): string {
  const validators = {
    total: SIZE,
    etag: A.fields['etag'] ?? null,
    lastModified: null,
    dateIsStrong: false,
    digests: {},
  }
  const blocks = [{ start: 0, end: SIZE, crc: crc32(EVIL) }]
  const record = { writer: null, name: 'foo.bin.part', part, key: url, validators, contentType: null, blocks }
  return encodeJournal(record, Buffer.alloc(32, secret))
}

for (const [part, journal] of [
  ['foo.bin.part', 'foo.bin.part.json'],
  ['FOO.BIN.PART', 'Foo.Bin.Part.Json'],
  ['foo.bin.part. .', 'foo.bin.part.json '],
  ['foo.bin.p\u200bart', 'foo.bin.part\u3164.json\u00ad'],
  ['foo.bin.\uff50art', 'foo.bin.part.j\u017fon'],
] as const) {
  t.test(`two downloads named ${JSON.stringify(part)} cannot forge a journal`, async (t) => {
    const trusted = await startHostile(honest(A))
    t.teardown(() => trusted.stop())
    const url = `${trusted.url}/foo.bin`
    const evil = await startHostile((request, socket) => {
      const [name, content] =
        request.path === '/part' ? [part, EVIL] : [journal, Buffer.from(journalFor(url, 'guess', null))]
      const disposition = `attachment; filename*=UTF-8''${encodeURIComponent(name)}`
      return honest(resource(content, { 'content-disposition': disposition }))(request, socket)
    })
    t.teardown(() => evil.stop())
    const dir = t.testdir({})
    t.equal((await rangeGet(['-q', `${evil.url}/part`], dir).ended).status, 0)
    t.equal((await rangeGet(['-q', `${evil.url}/journal`], dir).ended).status, 0)
    t.equal(names(dir).length, 2, 'both finished files are there')
    for (const name of names(dir)) t.notMatch(name, /\.part(?:\.json|\.lock)?[. ]*$/i)
    const { status, stderr } = await rangeGet(['-q', url], dir).ended
    t.equal(status, 0, stderr)
    sameBytes(t, readOrNull(join(dir, 'foo.bin')), CONTENT, 'the bytes of the server that was asked')
  })
}

t.test('a journal of another program for this part file is not accepted', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ 'foo.bin.part': EVIL })
  const url = `${server.url}/foo.bin`
  const { ino } = statSync(join(dir, 'foo.bin.part'))
  writeFileSync(join(dir, 'foo.bin.part.json'), journalFor(url, 'guess', { inode: String(ino), born: null }))
  const { status, stdout } = await rangeGet(['--json', '-o', 'foo.bin', url], dir).ended
  t.equal(status, 0)
  t.match(stdout, /nothing proves that range-get made /)
  sameBytes(t, readOrNull(join(dir, 'foo.bin')), CONTENT)
  t.strictSame(names(dir), ['foo.bin', 'foo.bin.part', 'foo.bin.part.json'])
  sameBytes(t, readOrNull(join(dir, 'foo.bin.part')), EVIL, 'a file of unknown origin stays')
})

t.test('a journal that is copied to another part file or name is not accepted', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  for (const [from, to] of [
    ['file.bin', 'file.bin'],
    ['file.bin', 'other.bin'],
  ] as const) {
    const dir = t.testdir({ copy: {} })
    const copy = join(dir, 'copy')
    await killAfter(server, SIZE / 2, { dir })
    for (const suffix of ['.part', '.part.json'])
      copyFileSync(join(dir, from + suffix), join(copy, to + suffix))
    const before = server.requests.length
    const { status } = await rangeGet(['-q', '-o', to, `${server.url}/file.bin`], copy).ended
    t.equal(status, 0)
    sameBytes(t, readOrNull(join(copy, to)), CONTENT)
    t.equal(server.requests[before]?.range?.start, 0, 'from the start')
    const next = server.requests.length
    await rangeGet([...ARGS, `${server.url}/file.bin`], dir).ended
    sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
    t.ok(
      server.requests.slice(next).every(({ range }) => range?.start !== 0 || range.end === 0),
      'the own goes on',
    )
  }
})

t.test('a file that is hard-linked as the part file keeps its bytes', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({ precious: 'precious' })
  linkSync(join(dir, 'precious'), join(dir, 'file.bin.part'))
  t.equal((await get(`${server.url}/file.bin`, dir)).code, null)
  t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'precious')
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)

  for (const name of ['file.bin', 'file.bin.part']) rmSync(join(dir, name))
  await killAfter(server, SIZE / 2, { dir })
  linkSync(join(dir, 'file.bin.part'), join(dir, 'backup'))
  const backup = readFileSync(join(dir, 'backup'))
  const before = server.served
  t.equal((await get(`${server.url}/file.bin`, dir)).code, null)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
  t.ok(server.served - before < SIZE, 'what was there is used')
  sameBytes(
    t,
    readFileSync(join(dir, 'backup')),
    backup,
    'the copy that another user has linked is not changed',
  )
})

t.test('a lock that is not a file, or is endless, stays and stops the download', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ target: 'target' })
  const hasFifo = spawnSync('mkfifo', [join(dir, 'fifo'), join(dir, 'a.part.lock')]).status === 0
  const rows = [
    ...(hasFifo ? ['a'] : []),
    ...(existsSync('/dev/zero') ? ['b'] : []),
    ...(hasFifo ? ['c'] : []),
    'd',
  ]
  symlinkSync('/dev/zero', join(dir, 'b.part.lock'))
  symlinkSync('fifo', join(dir, 'c.part.lock'))
  symlinkSync('target', join(dir, 'd.part.lock'))
  for (const name of rows) {
    const { status, stderr } = await rangeGet(['-q', '-o', name, `${server.url}/file.bin`], dir).ended
    t.equal(status, 9, name)
    t.match(stderr, /cannot write .*\.part\.lock: /)
  }
  const owner = { token: 'x', pid: 1, started: '1', place: 'elsewhere boot ns' }
  for (const wrong of [
    { token: 1 },
    { pid: '1' },
    { pid: 0 },
    { started: 1 },
    { place: 5 },
    { place: null },
  ]) {
    writeFileSync(join(dir, 'f.part.lock'), JSON.stringify({ ...owner, ...wrong }))
    const { status, stderr } = await rangeGet(['-o', 'f', `${server.url}/x`], dir).ended
    t.equal(status, 9, JSON.stringify(wrong))
    t.match(stderr, /f\.part\.lock: a file of that name was not made by range-get\. Delete or rename it/)
  }
  writeFileSync(join(dir, 'e.part.lock'), Buffer.alloc(64 * 1024 * 1024, ' '))
  const { status } = await rangeGet(['-q', '-o', 'e', `${server.url}/file.bin`], dir).ended
  t.equal(status, 9, 'a large file is not a lock of ours')
})

t.test('an output that leads to a FIFO or a device is not read for a checksum', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  if (spawnSync('mkfifo', [join(dir, 'fifo')]).status === 0) symlinkSync('fifo', join(dir, 'a'))
  symlinkSync('/dev/zero', join(dir, 'b'))
  const checksum = `sha-256=${'0'.repeat(64)}`
  for (const name of ['a', 'b'].filter((each) => names(dir).includes(each))) {
    const args = ['-q', '-o', name, '--checksum', checksum, `${server.url}/file.bin`]
    t.equal((await rangeGet(args, dir).ended).status, 9, name)
  }
})

t.test('the secret is made once, and only its user can read it', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({ state: {} })
  const state = join(dir, 'state')
  const env = { XDG_STATE_HOME: state }
  await killAfter(server, SIZE / 2, { dir, env })
  const path = join(state, 'range-get', 'journal.key')
  t.equal(statSync(path).mode & 0o777, process.platform === 'win32' ? 0o666 : 0o600)
  const key = readFileSync(path)
  t.equal(key.length, 32)
  const again = await rangeGet(['--json', '-o', 'file.bin', `${server.url}/file.bin`], dir, env).ended
  t.equal(again.status, 0)
  t.ok(JSON.parse(again.stdout.trim().split('\n').at(-1) ?? '{}').resumed > 0, 'resumed')
  sameBytes(t, readFileSync(path), key)
  t.strictSame(names(join(state, 'range-get')), ['journal.key'])
})

t.test('eight runs at once make the same secret', async (t) => {
  const server = await startHostile(honest(resource(Buffer.from('small'))))
  t.teardown(() => server.stop())
  const dir = t.testdir({ state: {} })
  const env = { XDG_STATE_HOME: join(dir, 'state') }
  const runs = Array.from({ length: 8 }, (_, index) =>
    rangeGet(['-q', '-o', `file-${index}`, `${server.url}/x`], dir, env),
  )
  for (const run of runs) t.equal((await run.ended).status, 0)
  t.strictSame(names(join(dir, 'state', 'range-get')), ['journal.key'])
})

const isRoot = process.getuid?.() === 0

t.test(
  'without a folder for the secret every run starts from 0, and says so',
  { skip: isRoot ? false : 'needs root to run as a user without a home' },
  async (t) => {
    const server = await startSlow(A)
    t.teardown(() => server.stop())
    const dir = mkdtempSync(join(tmpdir(), 'range-get-'))
    t.teardown(() => rmSync(dir, { recursive: true }))
    chmodSync(dir, 0o777)
    const env = environment({ HOME: '/dev/null', XDG_STATE_HOME: '' })
    // A user number without an account, so without a home.
    const line = 'import { setuid } from "node:process"; setuid(54321); await import(process.argv[1])'
    const args = (more: readonly string[]): string[] => [
      '--input-type=module',
      '-e',
      line,
      CLI,
      ...more,
      '-o',
      'file.bin',
      `${server.url}/file.bin`,
    ]
    const first = spawnCommand(process.execPath, args(['-q']), { cwd: dir, env })
    await server.hasServed(SIZE / 2)
    first.child.kill('SIGINT')
    await first.ended
    t.ok(existsSync(join(dir, 'file.bin.part')))
    const before = server.requests.length
    const { status, stdout, stderr } = await spawnCommand(process.execPath, args(['--json']), {
      cwd: dir,
      env,
    }).ended
    t.equal(status, 0, stderr)
    sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
    t.equal(server.requests[before]?.range?.start, 0)
    t.match(stdout, /a later run cannot resume this one/)
  },
)

t.test(
  'a secret that others can read is not used',
  { skip: process.platform === 'win32' && 'Windows has no modes of files' },
  async (t) => {
    const server = await startSlow(A)
    t.teardown(() => server.stop())
    const dir = t.testdir({ state: {} })
    const env = { XDG_STATE_HOME: join(dir, 'state') }
    await killAfter(server, SIZE / 2, { dir, env })
    chmodSync(join(dir, 'state', 'range-get', 'journal.key'), 0o644)
    const before = server.requests.length
    t.equal((await rangeGet([...ARGS, `${server.url}/file.bin`], dir, env).ended).status, 0)
    t.equal(server.requests[before]?.range?.start, 0)
  },
)

t.test('without a stored secret, a download resumes within one process', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const stop = new AbortController()
  const first = download(`${server.url}/file.bin`, join(dir, 'file.bin'), { ...QUICK, signal: stop.signal })
  await server.hasServed(SIZE / 2)
  stop.abort()
  await t.rejects(first.finished)
  const end = await get(`${server.url}/file.bin`, dir)
  t.ok((end.result?.resumed ?? 0) > 0)
  sameBytes(t, end.file, CONTENT)
})
