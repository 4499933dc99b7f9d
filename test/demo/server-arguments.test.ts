// The command line of `npm start`.
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'

const {
  HELP,
  parseArguments,
}: { HELP: string; parseArguments: (args: readonly string[]) => Readonly<Record<string, unknown>> } =
  await import(`${REPOSITORY}demo-server/dist/arguments.js`)

t.test('the help fits 80 columns', async (t) => {
  for (const line of HELP.split('\n')) t.ok(line.length <= 80, line)
})

for (const [args, message] of [
  [['--prot', '3'], 'there is no option --prot; there are --port, --host, --data, --quiet, --help'],
  [['-p', '3'], 'there is no option -p; there are --port, --host, --data, --quiet, --help'],
  [['--port'], '--port takes a value'],
  [['--port', '-1'], '--port takes a value'],
  [['--port=-1'], "--port must be a number from 0 to 65535, not '-1'"],
  [['--quiet=yes'], '--quiet takes no value'],
  [['--host='], '--host must not be empty'],
  [['3333'], `there is no argument '3333'; npm passes on options after "--": npm start -- --port 3333`],
] as const)
  t.test(`it refuses ${args.join(' ')}`, async (t) => {
    t.strictSame(parseArguments(args), { kind: 'invalid', message })
  })

t.test('it accepts every option', async (t) => {
  t.strictSame(parseArguments(['--port', '0', '--host=::1', '--data', 'd', '--quiet']), {
    kind: 'run',
    port: 0,
    host: '::1',
    dataDir: 'd',
    quiet: true,
  })
  t.strictSame(parseArguments(['-h']), { kind: 'help' })
})
