// An old Node.js is told in one sentence that it is too old. `.ci/old-node` tries this with real ones.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ecmaVersion, parse } from 'acorn'
import t from 'tap'
import { CLI } from '../support/cli.ts'
import { REPOSITORY } from '../support/repository.ts'
import { DEMO, LAUNCHER } from './walk-process.ts'

interface Entry {
  readonly name: string
  readonly path: string
  readonly args: readonly string[]
  /** What the oldest Node.js that may read it understands. */
  readonly syntax: ecmaVersion
  /** The modules that it imports. Those of Node.js are in that Node.js. */
  readonly imports: readonly string[]
  readonly says: (version: string) => string
}

const command = (name: string) => (version: string) =>
  `${name}: needs Node.js 20.19, 22.12 or later, and this is ${version}\n`
const demo = (version: string): string =>
  `the demo needs Node.js 20.19, 22.12 or later, and this is ${version}\n`
const BUNDLED = [
  'import{closeSync,openSync,readFileSync}from"fs"',
  'import*as os from"os"',
  'import{types}from"util"', // since Node.js 10
]

const REQUIRED = ['require("fs")', 'require("os")', 'require("util")', 'require("./command.cjs")']

const ENTRIES: readonly Entry[] = [
  {
    name: 'range-get',
    path: CLI,
    args: ['--help'],
    syntax: 2019,
    imports: REQUIRED,
    says: command('range-get'),
  },
  {
    name: 'the built demo',
    path: DEMO,
    args: ['--help'],
    syntax: 2019,
    imports: BUNDLED,
    says: command('demo'),
  },
  { name: 'npm run demo', path: LAUNCHER, args: ['demo', '--help'], syntax: 2015, imports: [], says: demo },
  { name: 'npm start', path: LAUNCHER, args: ['start', '--help'], syntax: 2015, imports: [], says: demo },
]

for (const { name, path, args, syntax, imports, says } of ENTRIES) {
  t.test(`${name}: an old Node.js can read its entry point`, async (t) => {
    const text = readFileSync(path, 'utf8')
    // Node.js understands import() for longer than acorn counts it.
    const sourceType = path.endsWith('.cjs') ? 'script' : 'module'
    parse(text.replaceAll('import(', 'load('), { ecmaVersion: syntax, sourceType, allowHashBang: true })
    const found = [
      ...text.matchAll(/\bimport\s*[\w*{][^;(]*?from\s*"[^"]+"|\brequire\(\s*(?:"[^"]+"\))?/g),
    ].map(([each]) => each)
    t.strictSame(found.sort(), [...imports].sort())
  })

  for (const version of ['12.22.12', '18.20.4', '20.18.3', '21.7.3', '22.11.0']) {
    t.test(`${name}: Node.js ${version} is told in one sentence`, async (t) => {
      const preload = join(t.testdir({ 'old.cjs': preloadFor(version) }), 'old.cjs')
      // What tap loads into each process asks for the version too, and then uses what Node.js 26 deprecates.
      const { status, stdout, stderr } = run(['--no-deprecation', '--require', preload, path, ...args])
      t.strictSame({ status, stdout, stderr }, { status: 1, stdout: '', stderr: says(version) })
    })
  }
}

t.test('a supported Node.js runs each', async (t) => {
  // npm start and npm run demo would build here: launcher.test.ts runs them in a copy.
  for (const { name, path, args } of ENTRIES.filter(({ path }) => path !== LAUNCHER)) {
    const { status, stderr } = run([path, ...args])
    t.strictSame({ status, stderr }, { status: 0, stderr: '' }, name)
  }
})

t.test('the smallest version in each sentence is that of package.json', async (t) => {
  const { engines } = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8'))
  const [, least] = /(\d+\.\d+)\.\d+/.exec(engines.node) ?? []
  for (const { name, says } of ENTRIES) t.match(says(''), `needs Node.js ${least}, `, name)
})

function preloadFor(version: string): string {
  return `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
}

function run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { NODE_OPTIONS: _, ...env } = process.env
  return spawnSync(process.execPath, args, { env, encoding: 'utf8' })
}
