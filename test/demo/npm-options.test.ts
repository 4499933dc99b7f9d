// Options of the demo that npm keeps for itself, because they were typed without `--`.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import t from 'tap'
import { environment } from '../packages/support/package-user.ts'
import { REPOSITORY } from '../support/repository.ts'
import { DEMO } from './walk-process.ts'

interface Program {
  readonly command: string
  readonly values: Readonly<Record<string, string>>
  readonly flags: readonly string[]
}

const scripts = `${REPOSITORY}demo-server/scripts/`
const { PROGRAMS }: { PROGRAMS: Readonly<Record<'demo' | 'start', Program>> } = await import(
  `${scripts}programs.mjs`
)
const {
  commandForNpm,
}: {
  commandForNpm(program: Program, args: readonly string[], env: NodeJS.ProcessEnv): string | null
} = await import(`${scripts}npm-options.mjs`)

interface Row {
  /** As the user typed them. */
  readonly typed: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly better: string | null
  readonly program?: 'start'
}

const ROWS: readonly Row[] = [
  { typed: '', args: [], env: {}, better: null },
  { typed: '-- --step 10', args: ['--step', '10'], env: {}, better: null },
  { typed: '--step 10', args: ['10'], env: { step: 'true' }, better: 'npm run demo -- --step 10' },
  { typed: '--step=10', args: [], env: { step: '10' }, better: 'npm run demo -- --step 10' },
  { typed: '--step', args: [], env: { step: 'true' }, better: 'npm run demo -- --step N' },
  { typed: '--fresh', args: [], env: { fresh: 'true' }, better: 'npm run demo -- --fresh' },
  { typed: '--no-fresh', args: [], env: { fresh: '' }, better: null },
  { typed: '--file "a b"', args: ['a b'], env: { file: 'true' }, better: "npm run demo -- --file 'a b'" },
  {
    typed: `--file "it's"`,
    args: ["it's"],
    env: { file: 'true' },
    better: "npm run demo -- --file 'it'\\''s'",
  },
  {
    typed: '--step 3 -- --fresh',
    args: ['3', '--fresh'],
    env: { step: 'true' },
    better: 'npm run demo -- --step 3 --fresh',
  },
  {
    typed: '--step 3 --file a',
    args: ['3', 'a'],
    env: { step: 'true', file: 'true' },
    better: 'npm run demo -- --step N --file NAME',
  },
  {
    typed: '--step=3 --file a',
    args: ['a'],
    env: { step: '3', file: 'true' },
    better: 'npm run demo -- --step 3 --file a',
  },
  { typed: 'a .npmrc with port=1, and -- --port 2', args: ['--port', '2'], env: { port: '1' }, better: null },
  { typed: 'a .npmrc with port=1, and -- --port=2', args: ['--port=2'], env: { port: '1' }, better: null },
  { typed: '--other 1', args: ['1'], env: { other: 'true' }, better: null },
  {
    typed: '--port 1',
    args: ['1'],
    env: { port: 'true' },
    better: 'npm start -- --port 1',
    program: 'start',
  },
  { typed: '--step 1', args: ['1'], env: { step: 'true' }, better: null, program: 'start' },
]

for (const { typed, args, env, better, program = 'demo' } of ROWS) {
  t.test(`${program}: ${typed || 'no option'}`, async (t) => {
    const kept = Object.fromEntries(Object.entries(env).map(([name, value]) => [`npm_config_${name}`, value]))
    t.equal(commandForNpm(PROGRAMS[program], args, kept), better)
  })
}

t.test('npm itself passes an option without "--" like this', async (t) => {
  for (const [args, line] of [
    [
      ['run', 'demo', '--step', '10'],
      'demo: npm keeps options without "--" for itself. Run: npm run demo -- --step 10',
    ],
    [
      ['start', '--port=1'],
      'demo-server: npm keeps options without "--" for itself. Run: npm start -- --port 1',
    ],
  ] as const) {
    const { status, stderr } = run('npm', args)
    t.equal(status, 2)
    t.ok(stderr.split('\n').includes(line), stderr)
  }
})

t.test('the options of a program are those of its help', async (t) => {
  for (const [name, { values, flags }] of Object.entries(PROGRAMS)) {
    const main = name === 'demo' ? DEMO : `${REPOSITORY}demo-server/dist/main.js`
    const { stdout } = run(process.execPath, [main, '--help'])
    const inHelp = [...stdout.matchAll(/^ +(?:-\w, )?--(\w+)(?: ([A-Z]+))? /gm)].map(
      ([, option = '', value]) => [option, value],
    )
    const own = [...Object.entries(values), ...flags.map((flag) => [flag, undefined])]
    // npm has its own --help and --quiet.
    const rest = inHelp.filter(([option]) => option !== 'help' && option !== 'quiet')
    t.strictSame(Object.fromEntries(rest), Object.fromEntries(own), name)
  }
})

function run(command: string, args: readonly string[]): SpawnSyncReturns<string> {
  // tap adds its loaders to the environment of every child process. `env` removes them.
  const all = ['-u', 'NODE_OPTIONS', command, ...args]
  return spawnSync('env', all, { cwd: REPOSITORY, env: environment(), encoding: 'utf8' })
}
