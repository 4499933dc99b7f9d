// Files of the user, or of another program, that have the names of the files of a download. They stay as they are.
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { ARGS, killAfter, untilRecorded } from '../support/kill.ts'
import { get, names, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const SIZE = 3_000_000
const CONTENT = makeContent(SIZE)
const A = resource(CONTENT)
const ONCE = { content: CONTENT, fields: {} }
const LONG = `${'x'.repeat(230)}.bin`

t.setTimeout(600_000)

/** Files that only their owner may touch. */
function plant(dir: string, planted: readonly string[]): () => Record<string, string> {
  for (const name of planted) writeFileSync(join(dir, name), `the user's own ${name}`)
  return () =>
    Object.fromEntries(
      planted.map((name) => {
        const path = join(dir, name)
        return [name, `${readOrNull(path)} ${statSync(path).ino} ${statSync(path).mtimeMs}`]
      }),
    )
}

const ROWS: readonly (readonly string[])[] = [
  ['file.bin.part'],
  ['file.bin.part.json'],
  ['file.bin.part', 'file.bin.part.json'],
  ['file.bin.part.new', 'file.bin.part.done', 'file.bin.part.json.tmp', 'file.bin.part.json.new'],
]

for (const planted of ROWS) {
  for (const options of [['-o', 'file.bin'], [], ['--no-resume', '-o', 'file.bin']]) {
    t.test(
      `files of the user stay as they are (${planted.join(' and ')}; ${options.join(' ')})`,
      async (t) => {
        const server = await startSlow(A, 8 * 1024)
        t.teardown(() => server.stop())
        const dir = t.testdir({})
        const look = plant(dir, planted)
        const before = look()
        // It is stopped once, so that its own files lie beside them, and then resumed.
        const args = ['-q', ...options, `${server.url}/file.bin`]
        const run = rangeGet(args, dir)
        await server.hasServed(SIZE / 4)
        await untilRecorded(run, dir)
        run.child.kill('SIGINT')
        t.equal((await run.ended).status, 130)
        t.strictSame(look(), before)
        const served = server.served
        t.equal((await rangeGet(args, dir).ended).status, 0)
        if (!options.includes('--no-resume')) t.ok(server.served - served < SIZE, 'it was resumed')
        sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
        t.strictSame(look(), before)
        t.strictSame(names(dir), ['file.bin', ...planted].sort())
      },
    )
  }
}

t.test('a large file of the user with the name of a journal stays', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const path = join(dir, 'file.bin.part.json')
  const mine = Buffer.alloc(4 * 1024 * 1024 + 1, '[')
  writeFileSync(path, mine)
  sameBytes(t, (await get(`${server.url}/file.bin`, dir)).file, CONTENT)
  sameBytes(t, readOrNull(path), mine)
  t.strictSame(names(dir), ['file.bin', 'file.bin.part.json'])
})

t.test('a file of the user with the shortened name of a part file stays', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const slow = await startSlow(A)
  t.teardown(() => slow.stop())
  const first = rangeGet(['-q', '-o', LONG, `${slow.url}/x`], dir)
  await slow.hasServed(SIZE / 2)
  first.child.kill('SIGKILL')
  await first.ended
  const [part = ''] = names(dir).filter((name) => name.endsWith('.part'))
  for (const name of names(dir)) rmSync(join(dir, name))
  const look = plant(dir, [part, `${part}.json`])
  const before = look()
  t.equal((await rangeGet(['-q', '-o', LONG, `${server.url}/x`], dir).ended).status, 0)
  sameBytes(t, readOrNull(join(dir, LONG)), CONTENT)
  t.strictSame(look(), before)
})

t.test('a lock that no run has made is refused, with advice', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  for (const text of ['mine', '{"mine":true}', '[]', `\0\0mine`, ' '.repeat(100_000)]) {
    writeFileSync(join(dir, 'file.bin.part.lock'), text)
    const { status, stderr } = await rangeGet([...ARGS, `${server.url}/file.bin`], dir).ended
    t.equal(status, 9)
    t.match(stderr, /file\.bin\.part\.lock: .* was not made by range-get\. Delete or rename it/)
    t.equal(readFileSync(join(dir, 'file.bin.part.lock'), 'utf8'), text)
  }
  t.strictSame(names(dir), ['file.bin.part.lock'])
})

t.test('a file of the user that replaces the part file of a run stays', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await killAfter(server, SIZE / 2, { dir })
  rmSync(join(dir, 'file.bin.part'))
  const look = plant(dir, ['file.bin.part'])
  const before = look()
  for (const name of ['one', 'two']) {
    const { status, stdout } = await rangeGet(['--json', '-o', 'file.bin', `${server.url}/${name}`], dir)
      .ended
    t.equal(status, 0)
    t.match(stdout, /nothing proves that range-get made file\.bin\.part; left unchanged/)
    sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
    t.strictSame(look(), before)
    rmSync(join(dir, 'file.bin'))
  }
})

t.test('a file of the user that appears before or during a run stays', async (t) => {
  const server = await startHostile(() => undefined)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = rangeGet([...ARGS, `${server.url}/file.bin`], dir)
  while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  const look = plant(dir, ['file.bin.part'])
  const before = look()
  run.child.kill('SIGINT')
  await run.ended
  t.strictSame(look(), before)
  t.strictSame(names(dir), ['file.bin.part'], 'a run that has received nothing leaves nothing')

  rmSync(join(dir, 'file.bin.part'))
  const slow = await startSlow(A)
  t.teardown(() => slow.stop())
  for (const file of [A, ONCE]) {
    slow.resource = file
    const working = rangeGet([...ARGS, `${slow.url}/file.bin`], dir)
    await slow.hasServed(slow.served + SIZE / 4)
    rmSync(join(dir, 'file.bin.part'))
    const after = plant(dir, ['file.bin.part'])
    const seen = after()
    working.child.kill('SIGINT')
    await working.ended
    t.strictSame(after(), seen)
    for (const name of names(dir)) rmSync(join(dir, name))
  }
})

t.test('after a kill before anything is recorded the next run leaves no other file', async (t) => {
  const hooks = fileURLToPath(new URL('../support/with-kill.js', import.meta.url))
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const steps = [
    ['KILL', 'open:file\\.bin\\.part\\.new\\.[^.]*,? wx'],
    ['KILL', 'open:file\\.bin\\.part\\.json\\.new\\.'],
    ['KILL', 'rename:file\\.bin\\.part\\.json$'],
    ['KILL_BEFORE', 'link:file\\.bin\\.part$'],
    ['KILL', 'link:file\\.bin\\.part$'],
    ['KILL', 'unlink:file\\.bin\\.part\\.new\\.'],
  ] as const
  for (const file of [A, ONCE]) {
    const plain = await startHostile(honest(file))
    t.teardown(() => plain.stop())
    for (const [when, step] of steps) {
      const dir = t.testdir({})
      const env = { [when]: step, NODE_OPTIONS: `--import ${hooks}` }
      const killed = await rangeGet([...ARGS, `${plain.url}/file.bin`], dir, env).ended
      t.equal(killed.signal, 'SIGKILL', `${step}: ${killed.stderr}`)
      t.equal((await rangeGet([...ARGS, `${plain.url}/file.bin`], dir).ended).status, 0)
      sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
      t.strictSame(names(dir), ['file.bin'], `${when} ${step}`)
    }
  }
})

t.test('the part file of a killed download that cannot be resumed is removed', async (t) => {
  const server = await startSlow(ONCE)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = rangeGet([...ARGS, `${server.url}/file.bin`], dir)
  await server.hasServed(SIZE / 2)
  run.child.kill('SIGKILL')
  await run.ended
  t.ok(names(dir).includes('file.bin.part'))
  const end = await get(`${server.url}/file.bin`, dir)
  sameBytes(t, end.file, CONTENT, end.message)
  t.strictSame(names(dir), ['file.bin'])
})

t.test('files of the user with the alternative names of a download stay', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({ state: {} })
  const env = { XDG_STATE_HOME: join(dir, 'state') }
  // The secret is lost each time, so no run knows the files of earlier runs.
  for (let run = 0; run < 3; run++) {
    await killAfter(server, SIZE / 4, { dir, env }).catch(() => undefined)
    rmSync(join(dir, 'state'), { recursive: true, force: true })
    mkdirSync(join(dir, 'state'))
    chmodSync(join(dir, 'state'), 0o700)
  }
  const parts = names(dir).filter((name) => name.endsWith('.part'))
  t.equal((await rangeGet([...ARGS, `${server.url}/file.bin`], dir, env).ended).status, 0)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
  t.strictSame(
    names(dir).filter((name) => name.endsWith('.part')),
    parts,
    'all of them stay',
  )
})

t.test('a part file that is a second link to another file does not cost its bytes', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({ precious: 'precious' })
  linkSync(join(dir, 'precious'), join(dir, 'file.bin.part'))
  t.equal((await get(`${server.url}/file.bin`, dir)).code, null)
  t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'precious')
  t.equal(statSync(join(dir, 'precious')).nlink, 2, 'and both names')
})
