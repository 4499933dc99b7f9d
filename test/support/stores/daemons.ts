import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const POLL_MS = 50

/** How much of a log is shown when its daemon ends. */
const SHOWN_LOG_BYTES = 500

/** The daemons of one store. Each is killed when this process ends, also when this process is killed. */
export class Daemons {
  /** Where their logs are. */
  readonly folder: string
  readonly #running = new Set<ChildProcess>()
  readonly #failed = new AbortController()

  constructor(folder: string) {
    this.folder = folder
  }

  /** Aborted, with the reason, when a daemon has ended by itself. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** The numbers of those that run. */
  get pids(): readonly number[] {
    return [...this.#running].map(({ pid }) => Number(pid))
  }

  /** Starts a daemon. It must not fork. */
  start(command: string, args: readonly string[]): void {
    const log = join(this.folder, `${command.split('/').at(-1)}.out`)
    const file = openSync(log, 'a')
    // setpriv(1) asks the kernel to kill the daemon when this process ends, and then becomes the daemon.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], {
      cwd: this.folder,
      stdio: ['ignore', file, file],
    })
    this.#running.add(child)
    child.on('error', (error) => this.#failed.abort(error))
    child.on('exit', (code, signal) => {
      this.#running.delete(child)
      const end = readFileSync(log, 'utf8').slice(-SHOWN_LOG_BYTES)
      this.#failed.abort(new Error(`${command} ended with ${code ?? signal}:\n${end}`))
    })
  }

  /** Runs a command to its end. */
  async run(command: string, args: readonly string[], input = ''): Promise<string> {
    const running = promisify(execFile)(command, args, { cwd: this.folder, signal: this.failed })
    // A command that reads nothing may have ended before.
    running.child.stdin?.on('error', () => {}).end(input)
    return (await running).stdout
  }

  /** Waits until something holds, or until a daemon has ended. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      this.failed.throwIfAborted()
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  /** Kills all. Settles when they have ended. */
  async stop(): Promise<void> {
    const ended = [...this.#running].map((child) => new Promise((resolve) => child.once('exit', resolve)))
    for (const child of this.#running) child.kill('SIGKILL')
    await Promise.all(ended)
  }
}

/** Whether a server answers a request for a URL, with whatever status. */
export async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url)
    await answer.body?.cancel()
    return answer.status < 500
  } catch {
    return false
  }
}
