import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { plain, readDocument, tableUnder } from './docs/support/markdown.ts'
import { REPOSITORY } from './support/repository.ts'
import { testFaultsIn } from './support/test-faults.ts'
import { faultsIn } from './support/wing-faults.ts'
import { LAYOUTS, type Layout, PURE_UPSTREAM_FILES, pureFilesOf } from './support/wings.ts'

/** What the files of a package are checked against. */
interface Package {
  /** Entry points: everything is reached from one of these. */
  readonly entries: readonly string[]
  /** Files that decide. They know neither Fastify nor the file system nor the network, not even by a type. */
  readonly pure: readonly string[]
  /** A file that does input and output: the check must find it. */
  readonly impure: string
}

const PACKAGES: Readonly<Record<string, Package>> = {
  plugin: {
    // The last is a type for the compiler.
    entries: ['index.ts', 'contract.ts', 'http.ts', 's3.ts', 'dom-types.ts'],
    pure: [
      ...pureFilesOf('plugin'),
      ...PURE_UPSTREAM_FILES,
      'sources/source.ts',
      'connection/tcp-table.ts',
      'errors.ts',
    ],
    impure: 'files/open-file.ts',
  },
  'demo-client': {
    // Those of `browser/` are for the module of a page. The last is a type for the compiler.
    entries: [
      'index.ts',
      'command/start.ts',
      'command/range-get.ts',
      'demo/start.ts',
      'demo/main.ts',
      'browser/rules.ts',
      'browser/status-codes.ts',
      'dom-types.ts',
    ],
    pure: [...pureFilesOf('demo-client'), 'disk/write-sizes.ts'],
    impure: 'disk/part-file.ts',
  },
  'demo-server': {
    entries: ['main.ts'],
    pure: [
      'bucket-access.ts',
      'bucket-address.ts',
      'bucket-failure.ts',
      'copy-commands.ts',
      'video/h264.ts',
      'video/mp4.ts',
    ],
    impure: 'page.ts',
  },
}

/** What does input or output, or is the framework. */
const IMPURE =
  /^(?:fastify|fastify-plugin|light-my-request|node:(?:fs|net|http2?|https|tls|dgram|dns|child_process|worker_threads|process|timers)(?:\/.*)?)$/

/** What these modules have beside input and output: readers of addresses, and the names of statuses. */
const HARMLESS =
  /^import \{ (?:(?:(?:BlockList|isIP)(?:, )?)+ \} from 'node:net'|STATUS_CODES \} from 'node:http')$/gm

/** The clock and chance. What is the default of a parameter is given by tests. */
const UNGIVEN =
  /(?<!(?:\(|, )\w+(?:: number)? = )\b(?:Date\.now\(\)|new Date\(\)|performance\.now\(\)|Math\.random\(\))/g

const SPECIFIER = /^(?:import|export)\b[^'";]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm

function importsOf(text: string): string[] {
  return [...text.matchAll(SPECIFIER)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
}

/** The package of an import: `@fastify/cors`, or `fastify-send-range` of `fastify-send-range/s3`. */
function packageOf(specifier: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
}

function impureImportsOf(text: string): string[] {
  return importsOf(text.replace(HARMLESS, '')).filter((each) => IMPURE.test(each))
}

/** The files of a package, by their paths below `src/`, and what each imports, types included. */
class Sources {
  readonly imports: ReadonlyMap<string, readonly string[]>
  /** The imports that could do input or output. */
  readonly impure: ReadonlyMap<string, readonly string[]>
  /** The calls of the clock and of chance. */
  readonly ungiven: ReadonlyMap<string, readonly string[]>

  constructor(folder: string) {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )
    const texts = names.map((name) => [name, readFileSync(folder + name, 'utf8')] as const)
    this.imports = new Map(texts.map(([name, text]) => [name, importsOf(text)]))
    this.impure = new Map(texts.map(([name, text]) => [name, impureImportsOf(text)]))
    this.ungiven = new Map(texts.map(([name, text]) => [name, text.match(UNGIVEN) ?? []]))
  }

  own(name: string): string[] {
    const local = (this.imports.get(name) ?? []).filter((specifier) => specifier.startsWith('.'))
    return local.map((specifier) => posix.join(posix.dirname(name), specifier))
  }

  foreign(name: string): string[] {
    return (this.imports.get(name) ?? []).filter((specifier) => !specifier.startsWith('.'))
  }

  /** A file and everything it leads to. */
  reach(name: string, seen: Set<string> = new Set()): Set<string> {
    if (seen.has(name)) return seen
    seen.add(name)
    for (const next of this.own(name)) this.reach(next, seen)
    return seen
  }
}

t.test('every form of an import is read', async (t) => {
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
})

t.test('an import of what only reads an address or names a status is not input or output', async (t) => {
  t.strictSame(impureImportsOf("import { BlockList, isIP } from 'node:net'"), [])
  t.strictSame(impureImportsOf("import { isIP, type Socket } from 'node:net'"), ['node:net'])
  t.strictSame(impureImportsOf("import { STATUS_CODES } from 'node:http'"), [])
  t.strictSame(impureImportsOf("import { get, STATUS_CODES } from 'node:http'"), ['node:http'])
  t.strictSame(impureImportsOf("import { connect } from 'node:net'\nimport 'node:path'"), ['node:net'])
})

for (const [folder, { entries, pure, impure }] of Object.entries(PACKAGES)) {
  const sources = new Sources(`${REPOSITORY}${folder}/src/`)
  const names = [...sources.imports.keys()]

  t.test(`${folder}: each imported file is there`, async (t) => {
    t.ok(names.length > 15, `${names.length} files`)
    for (const name of names) {
      for (const next of sources.own(name)) t.ok(sources.imports.has(next), `${name} imports ${next}`)
    }
  })

  t.test(`${folder}: modules that decide do no input or output`, async (t) => {
    for (const name of pure) {
      t.ok(sources.imports.has(name), `${name} is there`)
      for (const file of sources.reach(name))
        t.strictSame(sources.impure.get(file), [], `${name}, through ${file}`)
      t.strictSame(sources.ungiven.get(name), [], `${name} is given the time`)
    }
    t.not(sources.impure.get(impure)?.length, 0, `${impure} does`)
  })

  t.test(`${folder}: imports point one way`, async (t) => {
    for (const name of names) {
      const back = sources.own(name).filter((next) => sources.reach(next).has(name))
      t.strictSame(back, [], `${name} is not led back to`)
    }
  })

  t.test(`${folder}: every file is reached from an entry point`, async (t) => {
    const reached = new Set(entries.flatMap((entry) => [...sources.reach(entry)]))
    t.strictSame(
      names.filter((name) => !reached.has(name)),
      [],
    )
  })

  t.test(`${folder}: only declared packages are imported`, async (t) => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(`${REPOSITORY}${folder}/package.json`, 'utf8'),
    )
    const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies }))
    for (const name of names) {
      const undeclared = sources
        .foreign(name)
        .filter((each) => !each.startsWith('node:') && !declared.has(packageOf(each)))
      t.strictSame(undeclared, [], name)
    }
  })
}

t.test('a file or an import that the table of wings does not allow is a fault', async (t) => {
  const layout: Layout = {
    tests: 'test/',
    suites: [],
    top: ['index.ts', 'errors.ts'],
    wings: {
      rules: { is: 'rules', mayImport: ['errors.ts'], isPure: true },
      disk: { is: 'disk', mayImport: ['rules/date.ts'] },
      late: { is: 'late', mayImport: [] },
    },
  }
  const held: [string, string[]][] = [
    ['index.ts', ['disk/store.ts', 'late/late.ts']],
    ['errors.ts', []],
    ['rules/date.ts', ['errors.ts', 'rules/digits.ts']],
    ['rules/digits.ts', []],
    ['disk/store.ts', ['rules/date.ts']],
    ['late/late.ts', []],
  ]
  t.strictSame(faultsIn(new Map(held), layout), [])
  const fault = (name: string, imports: readonly string[]): string[] =>
    faultsIn(new Map<string, readonly string[]>([...held, [name, imports]]), layout)
  t.strictSame(fault('other.ts', []), ['other.ts is in no wing'])
  t.strictSame(fault('rules/deep/er.ts', []), ['rules/deep/er.ts is in no wing'])
  t.strictSame(fault('disk/index.ts', []), ['disk/index.ts is an index file in a wing'])
  t.strictSame(fault('disk/more.ts', ['rules/digits.ts']), ['disk/more.ts imports rules/digits.ts'])
  t.strictSame(fault('disk/more.ts', ['index.ts']), ['disk/more.ts imports index.ts'])
  t.strictSame(fault('rules/more.ts', ['disk/store.ts']), ['rules/more.ts imports disk/store.ts'])
  t.strictSame(fault('disk/store.ts', []), ['the table: disk may import rules/date.ts, and does not'])
  const backwards = { ...layout.wings, rules: { is: 'rules', mayImport: ['errors.ts', 'late'] } }
  t.strictSame(
    faultsIn(new Map([...held, ['rules/date.ts', ['errors.ts', 'late/late.ts']]]), {
      ...layout,
      wings: backwards,
    }),
    ['the table: rules may not import late, which is not before it'],
  )
})

t.test('a test that is not where its source is, and not in a wing or a suite, is a fault', async (t) => {
  const layout: Layout = {
    tests: 'test/',
    suites: ['http'],
    top: ['index.ts', 'errors.ts'],
    wings: {
      rules: { is: 'rules', mayImport: [], isPure: true },
      disk: { is: 'disk', mayImport: [] },
    },
  }
  const sources = new Set(['index.ts', 'errors.ts', 'rules/date.ts', 'disk/store.ts'])
  const faultsOf = (...tests: string[]): string[] => testFaultsIn(tests, sources, layout)
  t.strictSame(faultsOf('errors.test.ts', 'types.test.ts', 'rules/date.test.ts', 'disk/store.test.ts'), [])
  t.strictSame(faultsOf('rules/oracle.test.ts', 'disk/power.test.ts', 'http/answers.test.ts'), [])
  t.strictSame(faultsOf('date.test.ts'), ['date.test.ts has the name of no file beside the wings'])
  t.strictSame(faultsOf('other/date.test.ts'), [
    'other/date.test.ts is in the folder of no wing and of no suite',
  ])
  const misplaced = ['http/store.test.ts has the name of disk/store.ts, which has no test']
  t.strictSame(faultsOf('http/store.test.ts'), misplaced)
  t.strictSame(faultsOf('http/store.test.ts', 'disk/store.test.ts'), [])
})

for (const [folder, layout] of Object.entries(LAYOUTS)) {
  const sources = new Sources(`${REPOSITORY}${folder}/src/`)

  t.test(
    `${folder}: each file is in a wing, and each wing imports what its row of the table names`,
    async (t) => {
      const files = new Map([...sources.imports.keys()].map((name) => [name, sources.own(name)]))
      t.strictSame(faultsIn(files, layout), [])
    },
  )

  t.test(
    `${folder}: a test of a source has its path, and every other test is in a wing or a suite`,
    async (t) => {
      const tests = readdirSync(REPOSITORY + layout.tests, { recursive: true, encoding: 'utf8' })
      const names = tests.filter((name) => name.endsWith('.test.ts'))
      t.strictSame(testFaultsIn(names, new Set(sources.imports.keys()), layout), [])
    },
  )

  t.test(`${folder}: CONTRIBUTING has the same table`, async (t) => {
    const rows = tableUnder(readDocument('CONTRIBUTING.md'), `The wings of ${folder}`)
    const said = rows.map((row) => [plain(row['wing']), row['what it is'], plain(row['may import'])])
    const wings = Object.entries(layout.wings).map(([name, { is, mayImport }]) => [
      `${name}/`,
      is,
      mayImport.join(', ') || '–',
    ])
    t.strictSame(said, wings)
  })
}
