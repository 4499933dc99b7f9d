// The demo on real terminals: any width, keys, colours, locales.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { widthOf } from '#client/text/text-width.js'
import { startTerminal, type Terminal } from '../client/support/tmux.ts'
import { missing } from '../docs/support/programs.ts'
import { DEMO, type Source, startSource } from './walk-process.ts'

const TEXT = 'Grüße, 世界: Stück für Stück.\n'
const KEYS = /p pauses, any other key continues, q or Ctrl-C stops/

t.setTimeout(300_000)

const skip = await missing('tmux', '-V')

interface Start {
  readonly columns: number
  readonly env?: NodeJS.ProcessEnv
  readonly args?: string
}

async function start(t: Test, { columns, env = {}, args = '--delay 200' }: Start) {
  const source: Source = await startSource(TEXT.repeat(20))
  t.teardown(() => source.stop())
  const dir = t.testdir({})
  const cwd = { cwd: dir, columns, env: { DEMO: `${process.execPath} ${DEMO} --url ${source.url}`, ...env } }
  const terminal = await startTerminal(t, cwd)
  terminal.type('-l', `clear; $DEMO ${args}; echo "status $?"`)
  terminal.type('Enter')
  return { dir, terminal, source }
}

/** Stops the demo, so that the folder of the test can go. */
async function stop(terminal: Terminal): Promise<void> {
  terminal.type('C-c')
  await terminal.shows(/^status 130$/m)
}

/** The text on the screen with the words that a line break has separated. */
const unwrapped = (screen: string): string => screen.replaceAll('\n', ' ')

for (const columns of [20, 40, 60, 80, 100]) {
  t.test(
    `nothing that the demo prints is wrapped by a terminal of ${columns} columns`,
    { skip },
    async (t) => {
      const { terminal } = await start(t, { columns })
      await terminal.shows(/^ {3}3 {2}.*8-11/m)
      terminal.type('p')
      const screen = await terminal.shows((text) => /paused at \d+ of \d+ bytes/.test(unwrapped(text)))
      t.match(unwrapped(screen), KEYS)
      // A line that the terminal has wrapped would fill it.
      for (const line of screen.split('\n')) t.ok(widthOf(line) < columns, line)
      const steps = screen.split('\n').filter((line) => /^ {3}\d {2}/.test(line))
      t.match(steps[1], /4-7\/\d+/)
      t.strictSame(
        steps.map((line) => /^ +(\d+)/.exec(line)?.[1]),
        steps.map((_, index) => String(index + 1)),
      )
      if (columns >= 40) t.match(steps[1], /206 .*[█░]{4,}.*%|206 .*bytes$/)
      if (columns >= 80) t.match(steps[1], /Range: bytes=4-7 .*206 Content-Range: bytes 4-7\/\d+/)
      await stop(terminal)
    },
  )
}

t.test('the demo fits a terminal that becomes narrower or wider while it runs', { skip }, async (t) => {
  const { terminal } = await start(t, { columns: 100 })
  await terminal.shows(/^ {3}3 {2}Range: /m)
  terminal.resize(60)
  await terminal.shows(
    /^step {2}Range +Content-Range\n.*\d {2}bytes=\d+-\d+ +206 bytes \d+-\d+\/\d+ +[█░]+ +\d+%$/m,
  )
  terminal.resize(40)
  await terminal.shows(/^step {2}Content-Range\n +\d+ {2}206 bytes .*$/m)
  terminal.resize(100)
  const screen = await terminal.shows(/^ +\d+ {2}Range: .*206 Content-Range: .* bytes$/m)
  t.match(screen, /^ +\d+ {2}206 bytes/m, 'the steps before it stay')
  await stop(terminal)
})

t.test('keys pause and continue, and a stopped demo resumes', { skip }, async (t) => {
  const { terminal, dir, source } = await start(t, { columns: 80 })
  await terminal.shows(KEYS)
  await terminal.takesKeys()
  await terminal.shows(/^ {3}2 {2}/m)
  terminal.type('p')
  await terminal.shows(/paused at \d+ of \d+ bytes: any key continues, q or Ctrl-C stops/)
  terminal.type('x')
  await terminal.shows(/resuming at \d+ of \d+ bytes/)
  terminal.type('q')
  await terminal.shows(/^demo: stopped at \d+ of \d+ bytes; the same command resumes there\nstatus 130$/m)
  t.notOk(existsSync(join(dir, '3.txt')))
  terminal.type('-l', 'clear; $DEMO --delay 0 --step 200; echo "status $?"')
  terminal.type('Enter')
  const screen = await terminal.shows(/^status 0$/m)
  t.match(screen, /resuming: an earlier run received \d+ bytes/)
  t.match(screen, /equal to the source \(SHA-256\)\nstatus 0/)
  t.equal(readFileSync(join(dir, '3.txt'), 'utf8'), source.text.toString())
})

t.test('a locale without UTF-8 and TERM=dumb get ASCII only', { skip }, async (t) => {
  for (const env of [{ LC_ALL: 'C' }, { LC_ALL: '', LC_CTYPE: 'POSIX', LANG: 'C.UTF-8' }, { TERM: 'dumb' }]) {
    const { terminal } = await start(t, { columns: 100, args: '--step 100 --delay 0' })
    await terminal.shows(/^status 0$/m)
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    terminal.type('-l', `clear; ${settings.join(' ')} $DEMO --step 100 --fresh --delay 0; echo "again $?"`)
    terminal.type('Enter')
    const screen = await terminal.shows(/^again 0$/m)
    t.match(screen, /206 Content-Range: bytes 0-99\/\d+ +#+-+ /, settings.join(' '))
    t.notMatch(screen, /\P{ASCII}/u)
    terminal.type(
      '-l',
      `clear; ${settings.join(' ')} $DEMO --file 世界 --out 界 --delay 0 --step 400; echo "named $?"`,
    )
    terminal.type('Enter')
    const named = await terminal.shows(/^named 0$/m)
    t.match(named, env.TERM === 'dumb' ? '世界 -> 界' : '\\u4e16\\u754c -> \\u754c')
  }
})

t.test('colours are for terminals that have them, unless NO_COLOR is set', { skip }, async (t) => {
  const { terminal, dir } = await start(t, { columns: 100, args: '--step 100 --delay 0' })
  await terminal.shows(/^status 0$/m)
  const run = async (settings: string): Promise<string> => {
    terminal.type(
      '-l',
      `clear; env -u FORCE_COLOR -u NO_COLOR ${settings} script -qec "$DEMO --step 100 --fresh --delay 0" log; echo "${settings} $?"`,
    )
    terminal.type('Enter')
    await terminal.shows((screen) => screen.split('\n').includes(`${settings} 0`))
    return readFileSync(join(dir, 'log'), 'utf8').split('\n').slice(1, -2).join('\n')
  }
  t.match(await run('NO_COLOR='), '\u001b[32m206 ')
  t.notMatch(await run('NO_COLOR=1'), '\u001b[3')
  t.notMatch(await run('TERM=dumb'), '\u001b[')
})

t.test('without keys the demo says only that Ctrl-C stops', { skip }, async (t) => {
  const { terminal } = await start(t, { columns: 80, args: '--delay 200 </dev/null' })
  await terminal.shows(/^Ctrl-C stops$/m)
  await terminal.shows(/^ {3}2 {2}/m)
  t.notMatch(terminal.screen(), /p pauses/)
  await stop(terminal)
})
