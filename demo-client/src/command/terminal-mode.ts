// The mode of a terminal: whether it passes on each key at once, or whole lines.
import type { ReadStream } from 'node:tty'

/**
 * The mode of the terminal at `input`. Ctrl-C and Ctrl-Z stay signals, if the system has them, so that they reach every
 * process of a pipeline. Node's own raw mode is used only on Windows. On other systems Node restores the mode at exit, and a
 * process in the background is stopped for that (SIGTTOU).
 */
export class TerminalMode {
  readonly #input: ReadStream
  #saved: string | null = null

  constructor(input: ReadStream) {
    this.#input = input
  }

  /** Passes on each key at once, without an echo. Without stty(1) keys wait for Enter. */
  enter(): void {
    if (process.platform === 'win32') {
      this.#input.setRawMode(true)
      return
    }
    this.#saved ??= stty(['-g']) // a mode that could not be restored in the background is still the one to restore
    if (this.#saved !== null) stty(['-icanon', '-echo', 'min', '1', 'time', '0'])
  }

  /** Restores the mode from before {@link enter}; not in the background, where the shell has set its own. */
  leave(): void {
    if (process.platform === 'win32') this.#input.setRawMode(false)
    if (this.#saved !== null && stty([this.#saved]) !== null) this.#saved = null
  }
}

/**
 * Changes nothing in the background, and ignores SIGTTOU in case the shell takes the terminal back at this moment: the signal
 * would go to this process, too. proc_pid_stat(5): the fifth field is the process group, the eighth the one in the
 * foreground.
 */
const STTY = `trap '' TTOU
if read -r x x x x group x x front x && [ "$front" -gt 0 ] && [ "$group" != "$front" ]; then exit 1; fi 2>/dev/null </proc/self/stat
exec stty "$@"`

function stty(args: readonly string[]): string | null {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { status, stdout } = spawnSync('sh', ['-c', STTY, 'sh', ...args], {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout.trim() : null
}
