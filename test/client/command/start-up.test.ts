// What the command loads before it downloads a small file: each module takes time that every user of the command waits.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tokenizer, tokTypes } from 'acorn'
import t, { type Test } from 'tap'
import { CLI } from '../../support/cli.ts'
import { REPOSITORY } from '../../support/repository.ts'
import { spawnCommand } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'

/** For `--require`: writes the names of the modules of Node.js that are loaded when the process ends. */
const LIST = `process.on('exit', () => require('node:fs').writeFileSync(process.env.LIST, process.moduleLoadList.join('\\n')))`
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

t.test('a download of a small file loads two files', async (t) => {
  const urls = await linesOf(t, '--import', HOOKS)
  const files = urls.filter((url) => url.startsWith('file:') && !url.endsWith('/hook.mjs'))
  t.strictSame(
    files.map((url) => relative(REPOSITORY, fileURLToPath(url))),
    ['demo-client/dist/range-get.js', 'demo-client/dist/command.js'],
  )
})

t.test('a download without TLS loads no module for TLS, other processes or contexts', async (t) => {
  const loaded = await linesOf(t, '--require', LIST)
  t.ok(loaded.includes('NativeModule http'), 'the list has what is needed')
  for (const name of ['https', 'tls', '_tls_wrap', 'child_process', 'v8'])
    t.notOk(loaded.includes(`NativeModule ${name}`), name)
})

t.test('patterns with classes of Unicode, which are slow to compile, are not literals', async (t) => {
  // V8 compiles a literal when it reads the file, even if no code uses it.
  const text = readFileSync(join(REPOSITORY, 'demo-client/dist/command.js'), 'utf8')
  const literals = [...tokenizer(text, { ecmaVersion: 'latest', sourceType: 'module' })]
    .filter(({ type }) => type === tokTypes.regexp)
    .map(({ start, end }) => text.slice(start, end))
  t.ok(literals.length > 100)
  t.strictSame(
    literals.filter((each) => /\\p\{/i.test(each)),
    [],
  )
})
