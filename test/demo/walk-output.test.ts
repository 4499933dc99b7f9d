// Where the demo writes, and what it does to a file that is there.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseDemoArguments } from '#client/demo/arguments.js'
import { chooseOutput } from '#client/demo/output-file.js'
import { withoutPrivileges } from '../support/ordinary-user.ts'
import { DEMO, type Outcome, start, startSource, walk } from './walk-process.ts'

const TEXT = 'one two three four five\n'

// Real processes, one after the other, on a machine that may be busy.
t.setTimeout(300_000)

for (const { file, output } of [
  { file: '2.txt', output: '3.txt' },
  { file: 'content.txt', output: 'content.txt' },
  { file: 'Grüße 世界 🎉.txt', output: 'Grüße 世界 🎉.txt' },
]) {
  t.test(`without --out, ${file} becomes ${output}`, async (t) => {
    const source = await startSource(TEXT)
    t.teardown(() => source.stop())
    const dir = t.testdir({})
    const { status, stdout } = await walk(['--url', source.url, '--file', file], dir).finished
    t.equal(status, 0)
    t.ok(stdout.startsWith(`server on ${source.url}/; ${file} -> ${output}\n`), stdout)
    t.strictSame(readdirSync(dir), [output])
  })
}

t.test('a missing folder of --out is named', async (t) => {
  const dir = t.testdir({})
  const args = parseDemoArguments(['--out', 'no/3.txt'], {})
  await t.rejects(chooseOutput({ ...args, folder: dir }), {
    code: 'ERR_DOWNLOAD_UNWRITABLE',
    message: `the folder of --out does not exist: ${join(dir, 'no')}`,
  })
})

t.test('a different file of that name is replaced only if --out names it', async (t) => {
  const source = await startSource(TEXT)
  t.teardown(() => source.stop())
  const dir = t.testdir({ 'mine.txt': 'mine' })
  for (const fresh of [[], ['--fresh']]) {
    const args = ['--url', source.url, '--file', 'mine.txt', ...fresh]
    const refused = await walk(args, dir).finished
    t.equal(refused.status, 11)
    t.match(refused.stderr, /^demo: mine\.txt exists and differs from \S+: --out mine\.txt replaces it/)
    t.strictSame(readdirSync(dir), ['mine.txt'])
    t.equal(readFileSync(join(dir, 'mine.txt'), 'utf8'), 'mine')
  }
  const named = await walk(['--url', source.url, '--file', 'mine.txt', '--out', 'mine.txt'], dir).finished
  t.equal(named.status, 0)
  t.equal(readFileSync(join(dir, 'mine.txt'), 'utf8'), TEXT)
  const again = await walk(['--url', source.url, '--file', 'mine.txt', '--fresh'], dir).finished
  t.equal(again.status, 0, 'one that is equal can be downloaded again')
  t.match(again.stdout, /^step 1: /m)
})

/** Runs the demo in a folder that it may not write to. */
async function walkInLocked(folder: string, temporary: string, url: string): Promise<Outcome> {
  const env = ['env', `TMPDIR=${temporary}`, process.execPath, DEMO, '--url', url] as const
  const [command, args] = withoutPrivileges(env[0], env.slice(1))
  return await start(command, args, folder).finished
}

t.test('in a folder that cannot be written to, the output goes to a folder of the user', async (t) => {
  const source = await startSource(TEXT)
  t.teardown(() => source.stop())
  const dir = t.testdir({ locked: {}, temporary: {} })
  chmodSync(join(dir, 'locked'), 0o555)
  const own = join(dir, 'temporary', `range-get-demo-${process.getuid?.()}`)
  const { status, stdout } = await walkInLocked(join(dir, 'locked'), join(dir, 'temporary'), source.url)
  t.equal(status, 0)
  t.ok(
    stdout.includes(`cannot be written to, so the output is in ${own}; --out chooses another place\n`),
    stdout,
  )
  t.equal(readFileSync(join(own, '3.txt'), 'utf8'), TEXT)
  const again = await walkInLocked(join(dir, 'locked'), join(dir, 'temporary'), source.url)
  t.match(again.stdout, /3\.txt is complete/, 'the next run finds it')
})

t.test('such a folder that others could have made is not used', async (t) => {
  const source = await startSource(TEXT)
  t.teardown(() => source.stop())
  for (const make of [
    (path: string): void => {
      mkdirSync(path)
      chmodSync(path, 0o777)
    },
    (path: string): void => symlinkSync('/', path),
  ]) {
    const dir = t.testdir({ locked: {}, temporary: {} })
    chmodSync(join(dir, 'locked'), 0o555)
    make(join(dir, 'temporary', `range-get-demo-${process.getuid?.()}`))
    const { status, stderr } = await walkInLocked(join(dir, 'locked'), join(dir, 'temporary'), source.url)
    t.equal(status, 9)
    t.match(stderr, /^demo: \S+locked cannot be written to: choose another place with --out PATH\n$/)
    t.notOk(existsSync('/3.txt'))
  }
})
