// Whether a terminal hands over each key as it is typed, or whole lines.
import { spawnSync } from 'node:child_process'
import type { ReadStream } from 'node:tty'

/**
 * The mode of the terminal at `input`. Signals from the keyboard stay signals where the system has them: Ctrl-C
 * and Ctrl-Z reach every process of a pipeline. Node's own raw mode is used on Windows only: elsewhere it is set
 * back when the process exits, and a process in the background is stopped for that (SIGTTOU).
 */
export class TerminalMode {
  readonly #input: ReadStream
  #saved: string | null = null

  constructor(input: ReadStream) {
    this.#input = input
  }

  /** Each key is handed over at once, and none is echoed. Without stty(1) keys wait for Enter. */
  enter(): void {
    if (process.platform === 'win32') {
      this.#input.setRawMode(true)
      return
    }
    this.#saved ??= stty(['-g']) // what could not be put back, in the background, is what counts
    if (this.#saved !== null) stty(['-icanon', '-echo', 'min', '1', 'time', '0'])
  }

  /** Puts back what was there before {@link enter}; not in the background, where the mode is the shell's. */
  leave(): void {
    if (process.platform === 'win32') this.#input.setRawMode(false)
    if (this.#saved !== null && stty([this.#saved]) !== null) this.#saved = null
  }
}

/**
 * Changes nothing in the background, and cannot be stopped there (SIGTTOU) where the shell takes its terminal back in
 * this moment: the signal would go to this process, too. proc_pid_stat(5): the fifth field is the process group, the
 * eighth the one in the foreground.
 */
const STTY = `trap '' TTOU
if read -r x x x x group x x front x && [ "$front" -gt 0 ] && [ "$group" != "$front" ]; then exit 1; fi 2>/dev/null </proc/self/stat
exec stty "$@"`

function stty(args: readonly string[]): string | null {
  const { status, stdout } = spawnSync('sh', ['-c', STTY, 'sh', ...args], {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout.trim() : null
}
