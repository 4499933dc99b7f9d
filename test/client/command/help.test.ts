// The help: its lines fit every terminal, and its reader may stop at any line.
import t from 'tap'
import { parseCommand } from '#client/command/arguments.js'
import { EXIT_STATUS_MEANINGS } from '#client/command/exit-status.js'
import { ENVIRONMENT, EXAMPLES, HELP } from '#client/command/help.js'
import { OPTION_LIST } from '#client/command/option-table.js'
import { spellingOf } from '#client/command/parse-options.js'
import { CLI } from '../../support/cli.ts'
import { rangeGet, spawnCommand } from '../support/command.ts'

const COLUMNS = 80

t.test('the help has at most 80 columns, in every locale', async (t) => {
  for (const line of HELP.split('\n')) {
    t.ok(line.length <= COLUMNS, `${line.length} columns: ${line}`)
    t.match(line, /^[ -~]*$/, 'ASCII, which needs no locale')
    t.notMatch(line, /\s$/)
  }
  const { stdout } = await rangeGet(['--help'], t.testdir({}), { LC_ALL: 'C', LANG: '' }).ended
  t.equal(stdout, `${HELP}\n`)
})

t.test('the help has every option and every status', async (t) => {
  const lines = HELP.split('\n')
  for (const option of OPTION_LIST) {
    const line = lines.find((each) => each.trim().startsWith(`${spellingOf(option)} `))
    t.ok(line, spellingOf(option))
    t.equal(line?.indexOf('--'), 6, `${option.name} is below the others`)
  }
  for (const [status, meaning] of EXIT_STATUS_MEANINGS)
    t.ok(lines.includes(`  ${String(status).padEnd(4)} ${meaning}`), meaning)
})

t.test('the help has every variable of the environment, as the manual page has', async (t) => {
  const lines = HELP.split('\n')
  t.ok(ENVIRONMENT.length > 0)
  for (const [name] of ENVIRONMENT)
    t.ok(
      lines.some((each) => each === `  ${name}` || each.startsWith(`  ${name}  `)),
      name,
    )
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'TERM', 'no_proxy'])
    t.ok(
      ENVIRONMENT.some(([each]) => each === name),
      name,
    )
})

t.test('each example is a command line that is accepted', async (t) => {
  t.ok(EXAMPLES.length >= 3)
  for (const [command, purpose] of EXAMPLES) {
    t.ok(HELP.includes(`  # ${purpose}\n  ${command}\n`), command)
    const [program, ...args] = command.replace('DIGEST', '0'.repeat(64)).split(' ')
    t.equal(program, 'range-get')
    t.equal(parseCommand(args).kind, 'get', command)
  }
})

t.test('a reader that stops ends the help without a failure', async (t) => {
  const run = (reader: string): Promise<{ stdout: string; stderr: string }> =>
    spawnCommand(
      'bash',
      ['-c', `"${process.execPath}" "${CLI}" --help | ${reader}; echo "\${PIPESTATUS[0]}"`],
      {
        cwd: t.testdir({}),
      },
    ).ended
  const first = await run('head -n 1')
  t.equal(first.stdout, 'Usage: range-get [options] URL...\n0\n')
  t.equal(first.stderr, '')
  const none = await run('true')
  t.equal(none.stdout, '0\n')
  t.equal(none.stderr, '')
})
