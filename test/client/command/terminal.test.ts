// A real terminal with a shell with job control: keys, the background, the bar at any width.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { widthOf } from '#client/text/text-width.js'
import { missing } from '../../docs/support/programs.ts'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeContent, resource } from '../support/hostile-server.ts'
import { names, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'
import { startTerminal, type Terminal } from '../support/tmux.ts'

const CONTENT = makeContent(4_000_000)
const A = resource(CONTENT)
const COMMAND = `${process.execPath} ${CLI} -n 1`
/** Bytes every 10 ms: slow enough to look at, and then fast enough to end. */
const SLOW = 4096

/** Shows whether the terminal takes lines and echoes. */
const MODE = 'stty -a | tr " ;" "\\n\\n" | grep -x -e -*icanon -e -*echo'

t.setTimeout(300_000)

async function start(t: Test, columns = 100, env: NodeJS.ProcessEnv = {}) {
  const server = await startSlow(A, SLOW)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const terminal = await startTerminal(t, {
    cwd: dir,
    columns,
    env: { GET: COMMAND, URL: server.url, ...env },
  })
  return { dir, terminal, server }
}

async function run(terminal: Terminal, line: string): Promise<void> {
  terminal.type('-l', `clear; ${line}`)
  terminal.type('Enter')
}

/** Is there a process with this id that its parent still waits for? */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const skip = await missing('tmux', '-V')

t.test('keys work in the foreground, and the mode of the terminal is restored', { skip }, async (t) => {
  const { dir, terminal } = await start(t)
  await run(terminal, '$GET -o file.bin $URL/file.bin')
  await terminal.shows(/file\.bin [█░]{20} \d+% .*left/)
  terminal.type('p')
  await terminal.shows(/paused: any key resumes, q stops/)
  terminal.type('x')
  await terminal.shows(/ left/)
  terminal.type('q')
  await terminal.shows(/stopped; what was received can be resumed\n\$/)
  terminal.type(MODE, 'Enter')
  await terminal.shows(/^icanon\necho$/m)
  t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json'])
})

t.test('with -o - a pipe gets the bytes, and the keys work; a terminal gets nothing', { skip }, async (t) => {
  const { dir, terminal } = await start(t)
  await run(terminal, '$GET -o - $URL/file.bin; echo "status $?"')
  await terminal.shows(/-o - would write to the terminal[^$]*status 2/)
  await run(terminal, '$GET -o - $URL/file.bin | cat >out; echo "status $PIPESTATUS"')
  await terminal.shows(/file\.bin [█░]{20} \d+% .*left/)
  terminal.type('p')
  await terminal.shows(/paused: any key resumes, q stops/)
  terminal.type('x')
  await terminal.shows(/ left/)
  terminal.type('q')
  await terminal.shows(/written before: do not use them[^$]*status 130/)
  const written = readOrNull(join(dir, 'out')) ?? Buffer.alloc(0)
  sameBytes(t, written, CONTENT.subarray(0, written.length))
  t.strictSame(names(dir), ['out'])
})

t.test('q and Ctrl-C end a paused download', { skip }, async (t) => {
  for (const key of ['q', 'C-c']) {
    const { terminal } = await start(t)
    await run(terminal, '$GET -o file.bin $URL/file.bin; echo "status $?"')
    await terminal.shows(/left/)
    terminal.type('p')
    await terminal.shows(/paused/)
    terminal.type(key)
    await terminal.shows(/status 130/)
  }
})

t.test('a download started in the background continues without input and drawing', { skip }, async (t) => {
  const { dir, terminal, server } = await start(t)
  await run(terminal, '$GET -o file.bin $URL/file.bin &')
  await server.hasServed(300_000)
  terminal.type('echo my input', 'Enter')
  await terminal.shows(/^my input$/m)
  terminal.type('jobs', 'Enter')
  const screen = await terminal.shows(/Running|Stopped/)
  t.match(screen, /Running/)
  t.notMatch(screen, /[█░]/)
  terminal.type('fg', 'Enter')
  await terminal.shows(/[█░]{20}/)
  terminal.type('p')
  await terminal.shows(/paused/)
  terminal.type('x')
  await server.hasServed(CONTENT.length)
  await terminal.shows(/file\.bin: 3\.8 MiB/)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})

t.test('after Ctrl-Z and bg the download finishes, and the shell keeps its terminal', { skip }, async (t) => {
  const { dir, terminal, server } = await start(t)
  await run(terminal, '$GET -o file.bin $URL/file.bin')
  await terminal.shows(/left/)
  terminal.type('C-z')
  await terminal.shows(/Stopped/)
  const stopped = server.served
  terminal.type('clear; jobs -p', 'Enter')
  const pid = Number(/^\d+$/m.exec(await terminal.shows(/^\d+$/m))?.[0])
  terminal.type(MODE, 'Enter')
  await terminal.shows(/^icanon\necho$/m)
  terminal.type('bg', 'Enter')
  terminal.type('echo my q input', 'Enter')
  await terminal.shows(/^my q input$/m)
  await server.hasServed(CONTENT.length)
  await terminal.shows(/file\.bin: 3\.8 MiB/)
  t.ok(server.served > stopped)
  await terminal.shows(/length checked\n*$/)
  await terminal.shows(() => !isThere(pid))
  terminal.type('echo once', 'Enter')
  await terminal.shows(/Done/)
  t.match(terminal.screen(), /\necho once\nonce\n/, 'the shell reads its line as before')
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})

t.test('after Ctrl-Z and fg keys work again, also in a pipeline', { skip }, async (t) => {
  for (const line of [
    '$GET -o file.bin $URL/file.bin',
    '$GET --json -o file.bin $URL/file.bin | cat >lines',
  ]) {
    const { terminal, server } = await start(t)
    await run(terminal, line)
    await server.hasServed(100_000)
    terminal.type('C-z')
    await terminal.shows(/Stopped/)
    terminal.type('fg', 'Enter')
    await terminal.takesKeys()
    terminal.type('q')
    await terminal.shows(/stopped; what was received can be resumed/)
  }
})

t.test('a paused bar is redrawn in the foreground', { skip }, async (t) => {
  for (const isInBackground of [false, true]) {
    const { terminal } = await start(t)
    await run(terminal, '$GET -o file.bin $URL/file.bin')
    await terminal.shows(/left/)
    terminal.type('p')
    await terminal.shows(/paused: any key/)
    terminal.type('C-z')
    await terminal.shows(/Stopped/)
    if (isInBackground) {
      terminal.type('bg', 'Enter')
      await terminal.shows(/file\.bin &/)
    }
    terminal.type('clear', 'Enter')
    await terminal.shows((screen) => !screen.includes('paused'))
    terminal.type('fg', 'Enter')
    await terminal.shows(/paused: any key/)
    await terminal.takesKeys()
    terminal.type('q')
    await terminal.shows(/stopped; what was received can be resumed/)
  }
})

t.test('Ctrl-Z, bg and fg work for a script that runs the command', { skip }, async (t) => {
  for (let round = 0; round < 3; round++) {
    const { dir, terminal, server } = await start(t)
    writeFileSync(join(dir, 'wrap.sh'), '$GET -o file.bin $URL/file.bin; echo "status $?"\n')
    await run(terminal, 'sh wrap.sh')
    await terminal.shows(/left/)
    terminal.type('C-z')
    await terminal.shows(/Stopped/)
    terminal.type(MODE, 'Enter')
    await terminal.shows(/^icanon\necho$/m)
    terminal.type('bg', 'Enter')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const before = server.served
    await server.hasServed(before + 100_000)
    terminal.type('clear; fg', 'Enter')
    await terminal.shows(/[█░]{20}/)
    terminal.type('p')
    await terminal.shows(/paused/)
    terminal.type('q')
    await terminal.shows(/^status 130$/m)
    terminal.type(MODE, 'Enter')
    await terminal.shows(/^icanon\necho$/m)
  }
})

const WIDE = '日本語の長い名前のファイル🎉👨‍👩‍👧❤️-a-very-long-name-that-no-narrow-terminal-can-show.bin'

for (const columns of [4, 10, 20, 30, 60, 80]) {
  t.test(`the bar is one line that fits in ${columns} columns`, { skip }, async (t) => {
    const { terminal } = await start(t, columns, { NAME: WIDE })
    await run(terminal, '$GET -o "$NAME" $URL/x')
    await terminal.shows(/ [1-9]%|^[1-9]%/m)
    await terminal.shows(/[1-9]\d%/)
    const lines = terminal.screen().split('\n')
    t.equal(lines.filter((line) => /\d%/.test(line)).length, 1, `${columns} columns: one line`)
    t.ok(widthOf(lines.at(-1) ?? '') < columns, `${columns} columns: it fits`)
    if (columns >= 20) t.match(lines.at(-1), /\d+%.* \d+ ?(?:s|min)/, `${columns} columns: the time left`)
    if (columns >= 30)
      t.match(lines.at(-1), / ?MiB.* [\d.]+ ?[KM]iB\/s/, `${columns} columns: size and speed`)
    if (columns >= 80) t.match(lines.at(-1), /日.*….*\.bin .* MiB/, `${columns} columns: the name, shortened`)
    terminal.type('q')
    await terminal.shows(/\$$/)
  })
}

/** The lines of a screen that are of a bar. */
function drawn(screen: string): string[] {
  return screen.split('\n').filter((line) => /[█░]|\d%|left|connection/.test(line))
}

t.test('the bar stays on one line when the terminal changes its width', { skip }, async (t) => {
  const { terminal } = await start(t, 100)
  await run(terminal, '$GET -o a-name-that-is-rather-long-for-a-small-terminal.bin $URL/x; echo "status $?"')
  await terminal.shows(/ s left/)
  for (const columns of [60, 30, 12, 100]) {
    terminal.resize(columns)
    const isOne = (screen: string): boolean =>
      drawn(screen).length === 1 && widthOf(drawn(screen)[0] ?? '') < columns
    // What is not cleared when the line is drawn next stays.
    const before = await terminal.shows(isOne)
    const after = await terminal.shows((screen) => screen !== before)
    await terminal.shows(isOne)
    t.pass(`${columns} columns:\n${after}`)
  }
  terminal.type('q')
  await terminal.shows(/^status 130$/m) // before the folder goes
})

t.test(
  'a locale that is not UTF-8 gets ASCII alone, and a narrow terminal its numbers',
  { skip },
  async (t) => {
    const { terminal } = await start(t, 60, { NAME: '日本語.bin' })
    await run(terminal, 'LC_ALL=C $GET -o "$NAME" $URL/x')
    const screen = await terminal.shows(/^\\u65e5.*\.\.\..*\.bin [1-9]\d?% .*MiB.*left$/m)
    t.notMatch(screen.split('\n').at(-1), /\P{ASCII}/u)
    terminal.type('q')
    await terminal.shows(/stopped/)
  },
)

for (const columns of [100, 30])
  t.test(
    `several downloads have one line for all of them, and one for each (${columns} columns)`,
    { skip },
    async (t) => {
      const { terminal } = await start(t, columns)
      await run(terminal, '$GET -d . $URL/1.bin $URL/2.bin; echo "status $?"')
      const line =
        columns === 100 ? ['0/2 files .*left.*', ' {2}[12]\\.bin .*left.*'] : ['.*%.*B/s.*', ' {2}.*%.*']
      await terminal.shows(new RegExp(`^${line[0]}\n${line[1]}\n${line[1]}$`, 'm'))
      terminal.type('p')
      const paused = await terminal.shows(/^.*paused.*\n.*paused.*\n.*paused/m)
      t.equal(paused.match(/paused/g)?.length, 3, 'older lines are gone')
      terminal.type('q')
      const screen = await terminal.shows(/^status 130$/m)
      t.match(screen.replaceAll('\n', ''), /range-get: stopped after 0 files; run again to go on/)
      t.notMatch(screen, /paused/)
    },
  )

/** The name in the bar on a screen, if there is one. */
function nameInBar(screen: string): string | null {
  return /^([abc])\.bin .*\d%/m.exec(screen)?.[1] ?? null
}

/** The process that downloads `url`. */
function pidOf(url: string): number {
  const found = readdirSync('/proc').find((pid) =>
    readOrNull(`/proc/${pid}/cmdline`)?.toString().split('\0').slice(0, -1).at(-1)?.endsWith(url),
  )
  return Number(found)
}

t.test(
  'of several range-get on one terminal one draws its bar, then another, and their lines stay whole',
  { skip: skip || (process.platform === 'linux' ? false : 'only on Linux') },
  async (t) => {
    const { terminal, server } = await start(t, 100)
    const each = ['a', 'b', 'c'].map((name) => `$GET -o ${name}.bin $URL/${name}.bin`)
    await run(terminal, `sh -c '${each.join(' & ')} & wait'; echo "status $?"`)
    const seen = new Set<string | null>()
    await terminal.shows((screen) => {
      seen.add(nameInBar(screen))
      return /[3-9]\d%/.test(screen)
    })
    seen.delete(null)
    t.equal(seen.size, 1, [...seen].join())
    const [first] = seen
    process.kill(pidOf(`${server.url}/${first}.bin`), 'SIGKILL')
    const others = ['a', 'b', 'c'].filter((name) => name !== first)
    await terminal.shows((screen) => others.includes(nameInBar(screen) ?? ''))
    const last = await terminal.shows(/^status 0$/m)
    for (const name of others) t.match(last, new RegExp(`^${name}\\.bin: [^\\n]*; length checked$`, 'm'))
  },
)

t.test(
  'a server that is gone and comes back: attempts are counted, then the speed is right',
  { skip },
  async (t) => {
    const { terminal, server } = await start(t, 100)
    await run(terminal, '$GET -o file.bin $URL/file.bin; echo "status $?"')
    await terminal.shows(/left/)
    const port = Number(new URL(server.url).port)
    await server.stop()
    await terminal.shows(/file\.bin .*\d+% .*attempt 2 of 6 in 1 s: /)
    await terminal.shows(/attempt 3 of 6 in \d s: the connection was refused/)
    const again = await startSlow(A, SLOW, port)
    t.teardown(() => again.stop())
    await terminal.shows(/[1-9]\d% .*[1-9]\d* [KM]iB\/s, \d+ s left/)
    terminal.type('q')
    await terminal.shows(/^status 130$/m)
  },
)

t.test('TERM=dumb gets lines without escape sequences', { skip }, async (t) => {
  const { terminal, dir } = await start(t, 100)
  await run(terminal, 'TERM=dumb script -qec "$GET -o file.bin $URL/file.bin" log')
  await terminal.shows(/\d% .*left/)
  terminal.type('C-c')
  await terminal.shows(/stopped/)
  t.notMatch(readOrNull(join(dir, 'log'))?.toString().split('\n').slice(1).join('\n'), /[^\P{Cc}\r\n]|[█░]/u)
})
