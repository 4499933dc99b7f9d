import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

const SRC = new URL('../src/', import.meta.resolve('fastify-send-range'))

/** The rooms that decide. They know neither Fastify nor the file system, not even by a type. */
const PURE = [
  'range-set.ts',
  'http-date.ts',
  'entity-tag.ts',
  'preconditions.ts',
  'decision.ts',
  'resolve-path.ts',
  'request-spelling.ts',
  'multipart.ts',
  'media-type.ts',
  'content-disposition.ts',
  'errors.ts',
  'source.ts',
]
/** What does input or output, or is the framework. */
const IMPURE =
  /^(?:fastify|fastify-plugin|light-my-request|node:(?:fs|net|http2?|https|tls|dgram|dns|child_process|worker_threads|process|timers)(?:\/.*)?)$/

const SPECIFIER = /^(?:import|export)\b[^'";]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm

/** What each file of the plugin imports, types included. */
const imports = new Map(
  readdirSync(SRC)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, importsOf(readFileSync(new URL(name, SRC), 'utf8'))] as const),
)

function importsOf(text: string): string[] {
  return [...text.matchAll(SPECIFIER)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
}

const own = (name: string): string[] =>
  (imports.get(name) ?? []).filter((s) => s.startsWith('./')).map((s) => s.slice(2))
const foreign = (name: string): string[] => (imports.get(name) ?? []).filter((s) => !s.startsWith('./'))

/** A file and everything it leads to. */
function reach(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen
  seen.add(name)
  for (const next of own(name)) reach(next, seen)
  return seen
}

t.test('the reader of imports sees every form of them', async (t) => {
  const text = [
    "import { a } from './a.ts'",
    "import type { B } from './b.ts'",
    "import {\n  c,\n  d,\n} from './c.ts'",
    "import './d.ts'",
    "export { e } from './e.ts'",
    "export type * from './f.ts'",
    "const g = await import('./g.ts')",
    "import h, { type I } from 'node:fs'",
    "const text = 'import from nowhere'",
  ].join('\n')
  const want = ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g.ts', 'node:fs']
  t.strictSame(importsOf(text), want)
  t.ok(imports.size > 20, `${imports.size} files`)
  for (const [name, list] of imports) {
    for (const specifier of list.filter((each) => each.startsWith('.'))) {
      t.ok(imports.has(specifier.slice(2)), `${name} imports ${specifier}, which is there`)
    }
  }
})

t.test('the rooms that decide do no input or output', async (t) => {
  for (const room of PURE) {
    t.ok(imports.has(room), `${room} is there`)
    for (const file of reach(room)) {
      t.strictSame(
        foreign(file).filter((each) => IMPURE.test(each)),
        [],
        `${room}, through ${file}`,
      )
    }
  }
  t.ok(
    foreign('open-file.ts').some((each) => IMPURE.test(each)),
    'the one that opens files does',
  )
})

t.test('imports point one way', async (t) => {
  for (const name of imports.keys()) {
    const back = own(name).filter((next) => reach(next).has(name))
    t.strictSame(back, [], `${name} is not led back to`)
  }
})

t.test('every file is led to from the door', async (t) => {
  const reached = reach('index.ts')
  t.strictSame(
    [...imports.keys()].filter((name) => !reached.has(name)),
    [],
  )
})

t.test('nothing is imported but what the package declares', async (t) => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', SRC), 'utf8'))
  const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
  for (const name of imports.keys()) {
    const undeclared = foreign(name).filter((each) => !each.startsWith('node:') && !declared.has(each))
    t.strictSame(undeclared, [], name)
  }
})
