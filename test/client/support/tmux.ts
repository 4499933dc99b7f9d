import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { environment } from './command.ts'

const LOOKS = 1000
const LOOK_PAUSE_MS = 25

/** A terminal without a screen, with a shell that has job control. */
export interface Terminal {
  /** Types `text`; names such as `Enter` and `C-z` are keys. */
  type(...text: readonly string[]): void
  /** What is on the screen, without the empty lines at its end. */
  screen(): string
  /** Resolves with the screen once it is as wanted; rejects after some seconds. */
  shows(wanted: RegExp | ((screen: string) => boolean)): Promise<string>
  /** Resolves once a program takes each key as it is typed, without echo; rejects after some seconds. */
  takesKeys(): Promise<void>
  resize(columns: number): void
}

let started = 0

/** Starts bash in tmux(1), gone with the test. Its prompt is `$ `. */
export async function startTerminal(
  t: Test,
  { cwd, columns, env = {} }: { cwd: string; columns: number; env?: NodeJS.ProcessEnv },
): Promise<Terminal> {
  const name = `range-get-test-${process.pid}-${started++}`
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-u', '-L', name, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: environment({ LC_ALL: 'C.UTF-8', TERM: 'xterm', ...env }),
    })
  const size = ['-x', String(columns), '-y', '24']
  tmux('new-session', '-d', '-c', cwd, ...size, "PS1='$ ' exec bash --norc --noprofile")
  t.teardown(() => void tmux('kill-server'))
  const screen = (): string => tmux('capture-pane', '-p').trimEnd()
  const shows = async (wanted: RegExp | ((screen: string) => boolean)): Promise<string> => {
    for (let look = 0; look < LOOKS; look++) {
      const text = screen()
      if (typeof wanted === 'function' ? wanted(text) : wanted.test(text)) return text
      await sleep(LOOK_PAUSE_MS)
    }
    throw new Error(`the screen never showed ${wanted}:\n${screen()}`)
  }
  const device = tmux('display-message', '-p', '#{pane_tty}').trim()
  const takesKeys = async (): Promise<void> => {
    await shows(() => / -icanon\b/.test(execFileSync('stty', ['-F', device, '-a'], { encoding: 'utf8' })))
  }
  await shows(/^\$/)
  return {
    screen,
    shows,
    takesKeys,
    type: (...text) => void tmux('send-keys', ...text),
    resize: (to) => void tmux('resize-window', '-x', String(to), '-y', '24'),
  }
}
