// What the command loads before it downloads a small file: each module takes time that every user of the command waits.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { tokenizer, tokTypes } from 'acorn'
import t, { type Test } from 'tap'
import { CLI } from '../../support/cli.ts'
import { REPOSITORY } from '../../support/repository.ts'
import { spawnCommand } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'

/** For `--require`: writes the names of the modules of Node.js that are loaded when the process ends. */
const LIST = `process.on('exit', () => require('node:fs').writeFileSync(process.env.LIST, process.moduleLoadList.join('\\n')))`
/** The same for files of CommonJS. */
const FILES = `process.on('exit', () => require('node:fs').writeFileSync(process.env.LIST, Object.keys(require.cache).join('\\n')))`
/** For `--import`: appends the URL of each module that is loaded. */
const HOOKS = `import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(\`import { appendFileSync } from 'node:fs'
export const load = (url, context, next) => (appendFileSync(process.env.LIST, url + '\\\\n'), next(url, context))\`))`

/** Downloads a small file with one more module, and returns the lines of what that has listed. */
async function linesOf(t: Test, flag: '--require' | '--import', text: string): Promise<string[]> {
  const dir = t.testdir({})
  const server = await startHostile(honest(resource(makeContent(4))))
  t.teardown(() => server.stop())
  const hook = join(dir, flag === '--import' ? 'hook.mjs' : 'hook.cjs')
  writeFileSync(hook, text)
  const env = { LIST: join(dir, 'list.txt'), LC_ALL: 'C.UTF-8' }
  const args = [flag, hook, CLI, '-o', 'out.bin', server.url]
  const { status, stderr } = await spawnCommand(process.execPath, args, { cwd: dir, env }).ended
  t.equal(status, 0, stderr)
  t.ok(existsSync(join(dir, 'out.bin')))
  return readFileSync(env.LIST, 'utf8').split('\n')
}

t.test('a download of a small file loads two files, neither of them as an ES module', async (t) => {
  const required = await linesOf(t, '--require', FILES)
  t.strictSame(
    required.filter((path) => !path.endsWith('hook.cjs')).map((path) => relative(REPOSITORY, path)),
    ['demo-client/dist/range-get.cjs', 'demo-client/dist/command.cjs'],
  )
  const imported = await linesOf(t, '--import', HOOKS)
  t.strictSame(
    imported.filter((url) => /^file:.*\.m?js$/.test(url) && !url.endsWith('/hook.mjs')),
    [],
  )
})

t.test('a download from an address, without TLS, loads no module for anything else', async (t) => {
  const loaded = await linesOf(t, '--require', LIST)
  t.ok(loaded.includes('NativeModule http'), 'the list has what is needed')
  for (const name of ['https', 'tls', '_tls_wrap', 'dns', 'child_process', 'v8', 'module'])
    t.notOk(loaded.includes(`NativeModule ${name}`), name)
})

t.test('no module of Node.js is loaded that only some of its exports need', async (t) => {
  // An import of node:crypto by an ES module reads all its exports, and so loads that of the Web.
  const loaded = await linesOf(t, '--require', LIST)
  // What Node loads for an empty program is not ours. Node 24.21 has internal/mime there.
  const bareList = join(t.testdirName, 'bare.txt')
  const options = { cwd: t.testdirName, env: { LIST: bareList } }
  const { status } = await spawnCommand(process.execPath, ['hook.cjs'], options).ended
  t.equal(status, 0)
  const bare = readFileSync(bareList, 'utf8').split('\n')
  t.ok(bare.length > 50 && bare.length < loaded.length, `${bare.length} and ${loaded.length} modules`)
  const ours = loaded.filter((name) => !bare.includes(name))
  for (const name of ['internal/crypto/webcrypto', 'internal/dns/promises', 'internal/mime'])
    t.notOk(ours.includes(`NativeModule ${name}`), name)
})

t.test('the bundle is ASCII, which V8 reads faster than other text', async (t) => {
  const text = readFileSync(join(REPOSITORY, 'demo-client/dist/command.cjs'), 'latin1')
  t.match(text, /^\p{ASCII}*$/u)
})

t.test('patterns with classes of Unicode, which are slow to compile, are not literals', async (t) => {
  // V8 compiles a literal when it reads the file, even if no code uses it.
  const text = readFileSync(join(REPOSITORY, 'demo-client/dist/command.cjs'), 'utf8')
  const literals = [...tokenizer(text, { ecmaVersion: 'latest', sourceType: 'module' })]
    .filter(({ type }) => type === tokTypes.regexp)
    .map(({ start, end }) => text.slice(start, end))
  t.ok(literals.length > 100)
  t.strictSame(
    literals.filter((each) => /\\p\{/i.test(each)),
    [],
  )
})
