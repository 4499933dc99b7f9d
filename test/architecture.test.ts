import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { REPOSITORY } from './support/repository.ts'

/** What holds for the files of a package. */
interface House {
  /** Where one comes in: everything is led to from one of these. */
  readonly doors: readonly string[]
  /** Files that decide. They know neither Fastify nor the file system nor the network, not even by a type. */
  readonly pure: readonly string[]
  /** One that does input and output. */
  readonly impure: string
}

const HOUSES: Readonly<Record<string, House>> = {
  plugin: {
    doors: ['index.ts'],
    pure: [
      'tcp-table.ts',
      'range-set.ts',
      'compact-ranges.ts',
      'http-date.ts',
      'entity-tag.ts',
      'preconditions.ts',
      'decision.ts',
      'resolve-path.ts',
      'refusal.ts',
      'request-spelling.ts',
      'route-parameters.ts',
      'multipart.ts',
      'media-type.ts',
      'content-disposition.ts',
      'field-value.ts',
      'connection-fields.ts',
      'errors.ts',
      'source.ts',
    ],
    impure: 'open-file.ts',
  },
  'demo-client': {
    // The last says a type to the compiler.
    doors: [
      'index.ts',
      'command/start.ts',
      'command/cli.ts',
      'demo/demo.ts',
      'demo/demo-walk.ts',
      'dom-types.ts',
    ],
    pure: [
      'state/plan.ts',
      'rules/retry.ts',
      'rules/identity.ts',
      'rules/verify.ts',
      'rules/digest.ts',
      'rules/content-range.ts',
      'rules/http-date.ts',
      'rules/field-lines.ts',
      'rules/field-forms.ts',
      'rules/chunk-sizes.ts',
      'rules/disposition.ts',
      'state/names.ts',
      'state/state-names.ts',
      'state/temporary-names.ts',
      'state/token.ts',
      'state/journal-format.ts',
      'disk/write-sizes.ts',
      'content/expected-file.ts',
      'content/file-formats.ts',
      'content/media-types.ts',
      'content/stand-in.ts',
      'rules/rate-limit.ts',
      'rules/min-rate.ts',
      'rules/attempts.ts',
      'text/argument-values.ts',
      'rules/proxy-error.ts',
      'rules/tunnel-head.ts',
      'text/progress-line.ts',
      'text/text-width.ts',
      'text/one-line.ts',
      'text/quantities.ts',
      'errors.ts',
      'shortage.ts',
    ],
    impure: 'disk/part-file.ts',
  },
  'demo-server': {
    doors: ['main.ts'],
    pure: ['pace.ts', 'video/h264.ts', 'video/mp4.ts'],
    impure: 'page.ts',
  },
}

/** What does input or output, or is the framework. */
const IMPURE =
  /^(?:fastify|fastify-plugin|light-my-request|node:(?:fs|net|http2?|https|tls|dgram|dns|child_process|worker_threads|process|timers)(?:\/.*)?)$/

const SPECIFIER = /^(?:import|export)\b[^'";]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm

function importsOf(text: string): string[] {
  return [...text.matchAll(SPECIFIER)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
}

/** The files of a package, by their paths below `src/`, and what each imports, types included. */
class Sources {
  readonly imports: ReadonlyMap<string, readonly string[]>

  constructor(folder: string) {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )
    this.imports = new Map(
      names.map((name) => [name, importsOf(readFileSync(folder + name, 'utf8'))] as const),
    )
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
})

for (const [folder, { doors, pure, impure }] of Object.entries(HOUSES)) {
  const sources = new Sources(`${REPOSITORY}${folder}/src/`)
  const names = [...sources.imports.keys()]
  const impureImports = (name: string): string[] => sources.foreign(name).filter((each) => IMPURE.test(each))

  t.test(`${folder}: what is imported is there`, async (t) => {
    t.ok(names.length > 15, `${names.length} files`)
    for (const name of names) {
      for (const next of sources.own(name)) t.ok(sources.imports.has(next), `${name} imports ${next}`)
    }
  })

  t.test(`${folder}: the rooms that decide do no input or output`, async (t) => {
    for (const room of pure) {
      t.ok(sources.imports.has(room), `${room} is there`)
      for (const file of sources.reach(room))
        t.strictSame(impureImports(file), [], `${room}, through ${file}`)
    }
    t.not(impureImports(impure).length, 0, `${impure} does`)
  })

  t.test(`${folder}: imports point one way`, async (t) => {
    for (const name of names) {
      const back = sources.own(name).filter((next) => sources.reach(next).has(name))
      t.strictSame(back, [], `${name} is not led back to`)
    }
  })

  t.test(`${folder}: every file is led to from a door`, async (t) => {
    const reached = new Set(doors.flatMap((door) => [...sources.reach(door)]))
    t.strictSame(
      names.filter((name) => !reached.has(name)),
      [],
    )
  })

  t.test(`${folder}: nothing is imported but what the package declares`, async (t) => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(`${REPOSITORY}${folder}/package.json`, 'utf8'),
    )
    const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies }))
    for (const name of names) {
      const undeclared = sources
        .foreign(name)
        .filter((each) => !each.startsWith('node:') && !declared.has(each))
      t.strictSame(undeclared, [], name)
    }
  })
}
