// The completions, in the shells that they are for.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { completionFor } from '#client/command/completion.js'
import { OPTION_LIST, OPTIONS, type Shell } from '#client/command/option-table.js'
import { missing } from '../../docs/support/programs.ts'
import { rangeGet, spawnCommand } from '../support/command.ts'
import { startTerminal } from '../support/tmux.ts'

const NAMES = OPTION_LIST.map(({ name }) => `--${name}`)

/** A folder with files to complete, and the completion for `shell`. */
function folderWith(t: Test, shell: Shell): { dir: string; script: string } {
  const place = t.testdir({ files: { 'one file.bin': '', 'only.bin': '' } })
  const dir = join(place, 'files')
  mkdirSync(join(dir, 'other folder'), { recursive: true })
  const script = join(place, shell)
  writeFileSync(script, completionFor(shell))
  return { dir, script }
}

/** What a shell prints for `program`. */
async function printed(
  t: Test,
  { shell, program, dir }: { shell: Shell; program: string; dir: string },
): Promise<string[]> {
  const flags = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell]
  const { status, stdout, stderr } = await spawnCommand(shell, [...flags, '-c', program], { cwd: dir }).ended
  t.equal(stderr, '')
  t.equal(status, 0)
  return stdout.split(/\r?\n/).filter((line) => line !== '')
}

t.test('--completion prints the script for a shell, and refuses other words', async (t) => {
  for (const shell of OPTIONS.completion.offers) {
    const { status, stdout } = await rangeGet(['--completion', shell], t.testdir({})).ended
    t.equal(status, 0)
    t.equal(stdout, completionFor(shell))
  }
  const wrong = await rangeGet(['--completion=ksh'], t.testdir({})).ended
  t.equal(wrong.status, 2)
  t.match(wrong.stderr, '--completion takes bash, zsh, fish, not "ksh"')
})

/** What bash offers for the last of `words`, as when a person presses Tab. */
async function offeredByBash(t: Test, ...words: readonly string[]): Promise<string[]> {
  const { dir, script } = folderWith(t, 'bash')
  const list = words.map((word) => `'${word}'`).join(' ')
  const program = `source '${script}'
    read -ra registered < <(complete -p range-get)
    COMP_WORDS=(range-get ${list}); COMP_CWORD=${words.length}
    word=\${COMP_WORDS[COMP_CWORD]}
    "\${registered[2]}" range-get "\${word#=}" "\${COMP_WORDS[COMP_CWORD-1]}"
    printf '%s\\n' "\${COMPREPLY[@]}"`
  return await printed(t, { shell: 'bash', program, dir })
}

t.test('bash offers options, files, directories and words', async (t) => {
  const all = await offeredByBash(t, '--')
  t.strictSame(all, NAMES)
  t.strictSame(await offeredByBash(t, '-q', 'http://h/f', '--conn'), ['--connections', '--connect-timeout'])
  t.strictSame((await offeredByBash(t, '-')).includes('-o'), true)
  t.strictSame(await offeredByBash(t, '-o', 'on'), ['one file.bin', 'only.bin'])
  t.strictSame(await offeredByBash(t, '--output', '=', 'on'), ['one file.bin', 'only.bin'])
  t.strictSame((await offeredByBash(t, '--output', '=')).length, 3)
  t.strictSame(await offeredByBash(t, '--dir', 'o'), ['other folder'])
  t.strictSame(await offeredByBash(t, '--completion', ''), ['bash', 'zsh', 'fish'])
  t.strictSame(await offeredByBash(t, '--completion', '=', 'f'), ['fish'])
  t.strictSame(await offeredByBash(t, '-n', ''), [], 'a number is not a file')
  t.strictSame(await offeredByBash(t, 'on'), [], 'a URL is not a file')
  t.strictSame(await offeredByBash(t, '-q', '--', '--j'), [], 'after -- there are only URLs')
  t.strictSame(await offeredByBash(t, '--', '-o', 'on'), [])
})

t.test(
  'bash completes before the cursor, within quotes, and not after --',
  { skip: await missing('tmux', '-V') },
  async (t) => {
    const { dir, script } = folderWith(t, 'bash')
    const terminal = await startTerminal(t, { cwd: dir, columns: 80 })
    const typed = async (keys: readonly string[], line: RegExp): Promise<void> => {
      terminal.type('C-e', 'C-u', 'C-l', ...keys)
      t.match(await terminal.shows(line), line)
    }
    terminal.type(`source '${script}'; echo sour''ced`, 'Enter')
    await terminal.shows(/^sourced$/m)
    await typed(
      ['range-get --overjson', 'Left', 'Left', 'Left', 'Left', 'Tab'],
      /^\$ range-get --overwritejson$/,
    )
    await typed(['range-get -o "one', 'Tab', '-q'], /^\$ range-get -o "one file.bin" -q$/)
    await typed(['range-get --output=one', 'Tab', '-q'], /^\$ range-get --output=one\\ file.bin -q$/)
    await typed(['range-get -- --js', 'Tab', 'x'], /^\$ range-get -- --jsx$/)
  },
)

t.test(
  'fish offers options, files, directories and words',
  { skip: await missing('fish', '--version') },
  async (t) => {
    const { dir, script } = folderWith(t, 'fish')
    const offered = async (line: string): Promise<string[]> => {
      const program = `source '${script}'; complete -C 'range-get ${line}'`
      const lines = await printed(t, { shell: 'fish', program, dir })
      return lines.map((each) => each.split('\t')[0] ?? '').sort()
    }
    t.strictSame(await offered('--'), [...NAMES].sort())
    t.strictSame(await offered('-q http://h/f --conn'), ['--connect-timeout', '--connections'])
    t.strictSame(await offered('-o on'), ['one file.bin', 'only.bin'])
    t.strictSame(await offered('--dir oth'), ['other folder/'])
    t.strictSame(await offered('--completion '), ['bash', 'fish', 'zsh'])
    t.strictSame(await offered('-n '), [])
    t.strictSame(await offered('-q -- --j'), [], 'after -- there are only URLs')
  },
)

t.test(
  'zsh offers options, files, directories and words',
  { skip: await missing('zsh', '--version') },
  async (t) => {
    const { dir, script } = folderWith(t, 'zsh')
    const offered = async (line: string): Promise<string[]> => {
      // The completion runs only in zsh's editor of lines. It says when it takes keys, and the keys follow.
      const program = `
      zmodload zsh/zpty
      zpty z zsh -f -i
      zpty -w z "PROMPT=; stty cols 200; cd '${dir}'; autoload -U compinit; compinit -u -D; source '${script}'"
      zpty -w z 'zle-line-init() { print -n -- EDITOR-\${:-1} }; zle -N zle-line-init'
      zpty -r z ready '*EDITOR-1*'
      zpty -n -w z 'range-get ${line}'$'\\t\\t\\x15''print -r -- DONE-\${:-1}'$'\\n'
      zpty -r z answer '*DONE-1*'
      print -r -- "$answer"`
      return await printed(t, { shell: 'zsh', program, dir })
    }
    const text = (await offered('--conn')).join('\n')
    t.match(text, /--connections\s+-- connections at the same time/)
    t.match(text, '--connect-timeout')
    t.notMatch(text, '--retries')
    t.match((await offered('--completion ')).join('\n'), /bash\s+fish\s+zsh/)
    t.match((await offered('-o on')).join('\n'), /one\\ file\.bin\s+only\.bin/)
    t.match((await offered('-d o')).join('\n'), /ther\\ folder/)
    t.notMatch((await offered('-q -- --j')).join('\n'), '--json', 'after -- there are only URLs')
  },
)
