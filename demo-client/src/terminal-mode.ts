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
    this.#saved = stty(['-g'])
    if (this.#saved !== null) stty(['-icanon', '-echo', 'min', '1', 'time', '0'])
  }

  /** Puts back what was there before {@link enter}. */
  leave(): void {
    if (process.platform === 'win32') this.#input.setRawMode(false)
    if (this.#saved !== null) stty([this.#saved])
    this.#saved = null
  }
}

function stty(args: readonly string[]): string | null {
  const { status, stdout } = spawnSync('stty', args, {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout.trim() : null
}
