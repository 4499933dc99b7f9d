// Without hard links an empty file reserves the final name for an instant. After a kill the next run recognizes this file,
// and no other empty file.
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { type Ended, rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { get, names, readOrNull } from '../support/run.ts'

const CONTENT = makeContent(300_000)
const JOINABLE = resource(CONTENT)
const NAMED = resource(CONTENT, { 'content-disposition': 'attachment; filename="file.bin"' })
const ONCE = { content: CONTENT, fields: {} }

t.setTimeout(400_000)

/** Runs the command without hard links, and kills it before the finished file replaces the empty one. */
async function killThere(dir: string, args: readonly string[]): Promise<Ended> {
  const hooks = ['with-kill', 'with-refusals'].map((name) =>
    fileURLToPath(new URL(`../support/${name}.js`, import.meta.url)),
  )
  const NODE_OPTIONS = hooks.map((path) => `--import ${path}`).join(' ')
  const env = { REFUSE: 'link:EPERM', KILL_BEFORE: 'rename:file\\.bin$', NODE_OPTIONS }
  return await rangeGet(['-q', ...args], dir, env).ended
}

for (const [name, file, path, options] of [
  ['a name that the caller gave', JOINABLE, '/file.bin', ['-o', 'file.bin']],
  ['a name of the URL', JOINABLE, '/file.bin', []],
  ['a name that the server gave', NAMED, '/download?id=1', []],
  ['a download that cannot be resumed', ONCE, '/file.bin', ['-o', 'file.bin']],
  ['an empty file', resource(Buffer.alloc(0)), '/file.bin', ['-o', 'file.bin']],
] as const) {
  t.test(`the next run completes after a kill while a placeholder has the name (${name})`, async (t) => {
    const server = await startHostile(honest(file))
    t.teardown(() => server.stop())
    for (const more of options.length > 0 ? [[], ['--no-resume']] : [[]]) {
      const dir = t.testdir({})
      const args = [...options, server.url + path]
      const killed = await killThere(dir, args)
      t.equal(killed.signal, 'SIGKILL', killed.stderr)
      t.equal(statSync(join(dir, 'file.bin')).size, 0)
      const { status, stderr } = await rangeGet(['-q', ...more, ...args], dir).ended
      t.equal(status, 0, stderr)
      sameBytes(t, readOrNull(join(dir, 'file.bin')), file.content)
      t.strictSame(names(dir), ['file.bin'])
    }
  })
}

t.test('a download of another URL to the same output removes the placeholder', async (t) => {
  const server = await startHostile(honest(JOINABLE))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await killThere(dir, ['-o', 'file.bin', `${server.url}/file.bin`])
  const { status, stderr } = await rangeGet(['-q', '-o', 'file.bin', `${server.url}/other`], dir).ended
  t.equal(status, 0, stderr)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})

const FOREIGN: readonly [string, (path: string) => void][] = [
  [
    'that replaced it',
    (path) => {
      rmSync(path)
      writeFileSync(path, '')
    },
  ],
  [
    'that was moved there',
    (path) => {
      writeFileSync(`${path}.new`, '')
      renameSync(`${path}.new`, path)
    },
  ],
  ['that somebody has touched', (path) => utimesSync(path, new Date(), new Date())],
  ['that somebody has written to', (path) => writeFileSync(path, 'x')],
  ['whose journal is gone', (path) => rmSync(`${path}.part.json`)],
  [
    'whose journal is not proven',
    (path) => {
      const text = readFileSync(`${path}.part.json`, 'utf8')
      writeFileSync(`${path}.part.json`, text.replace(/ [\da-f]{64}\n/, ` ${'0'.repeat(64)}\n`))
    },
  ],
]

for (const [name, change] of FOREIGN) {
  t.test(`a file ${name} is not taken for a placeholder and stays`, async (t) => {
    const server = await startHostile(honest(JOINABLE))
    t.teardown(() => server.stop())
    for (const options of [['-o', 'file.bin']]) {
      const dir = t.testdir({})
      const path = join(dir, 'file.bin')
      const args = [...options, `${server.url}/file.bin`]
      await killThere(dir, args)
      change(path)
      const { ino, size } = statSync(path)
      t.equal((await rangeGet(['-q', ...args], dir).ended).status, 11)
      t.strictSame([statSync(path).ino, statSync(path).size], [ino, size])
      t.equal((await rangeGet(['-q', '--overwrite', ...args], dir).ended).status, 0)
      sameBytes(t, readOrNull(path), CONTENT)
    }
  })
}

t.test('an empty file without a journal stays', async (t) => {
  const server = await startHostile(honest(JOINABLE))
  t.teardown(() => server.stop())
  const dir = t.testdir({ 'file.bin': '' })
  t.equal((await get(`${server.url}/file.bin`, dir)).code, 'ERR_DOWNLOAD_EXISTS')
  t.strictSame(names(dir), ['file.bin'])
})
