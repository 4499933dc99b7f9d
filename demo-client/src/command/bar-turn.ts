// Which of several range-get on one terminal draws its bar: those of `xargs -P`, or of a script that uses `&`.
import { fstatSync } from 'node:fs'
import { createServer } from 'node:net'
import { processGroup } from './foreground.ts'

/** How often to ask for the turn. */
const ASK_INTERVAL_MS = 250

/**
 * One process of a job has the turn until it ends, even if it is killed: the turn is a name in the abstract namespace of
 * sockets, which the kernel gives to one process only. Nothing ever connects to it. Other systems than Linux do not have
 * this namespace, and there each process draws its bar on the same line.
 */
export class BarTurn {
  readonly #name: string | null
  #isMine: boolean
  #asked = Number.NEGATIVE_INFINITY

  /** @param descriptor that of the terminal */
  constructor(descriptor: number) {
    this.#name = process.platform === 'linux' ? nameFor(descriptor) : null
    this.#isMine = this.#name === null
  }

  /** Takes the turn if it is free. Returns whether this process has it. */
  take(now: number = performance.now()): boolean {
    if (this.#name === null || this.#isMine || now - this.#asked < ASK_INTERVAL_MS) return this.#isMine
    this.#asked = now
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Another failure, such as that no descriptor is left, does not hide the bar.
      if (error.code !== 'EADDRINUSE') this.#isMine = true
    })
    server.listen(this.#name).unref()
    this.#isMine = server.listening // known at once for a socket with a name
    return this.#isMine
  }
}

/** The same for all processes of a job on one terminal, and for no others. */
function nameFor(descriptor: number): string | null {
  try {
    const { dev, ino, rdev } = fstatSync(descriptor)
    const group = processGroup()
    return group === null ? null : `\0range-get-bar-${dev}-${ino}-${rdev}-${group}`
  } catch {
    return null
  }
}
