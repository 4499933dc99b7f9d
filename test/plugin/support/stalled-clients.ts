import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import type { Test } from 'tap'
import { REPOSITORY } from '../../support/repository.ts'

const PROGRAM = `${REPOSITORY}test/plugin/support/stalled-clients.py`

/** What each client does. */
export interface Stalling {
  readonly port: number
  /** `{n}` stands for the number of the client, from 0. */
  readonly path: string
  /** More lines of the head of its request. */
  readonly lines?: readonly string[]
  /** Bytes that a client has read after the head when it stops. */
  readonly readBytes: number
}

/**
 * Clients that stop reading, and stay connected until the test ends. Their segments are as short as over Ethernet and
 * their buffers are small, which Node cannot ask for. So the system keeps some 100 KiB for each and not some MiB: if its
 * memory for connections runs short, it resets those of other tests too.
 */
export class StalledClients {
  readonly #child: ChildProcess
  readonly #input: Writable
  readonly #output: AsyncIterator<string>

  constructor(t: Test, { port, path, lines = [], readBytes }: Stalling) {
    const child = spawn('python3', ['-B', PROGRAM, String(port), String(readBytes)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.teardown(() => this.leave())
    this.#child = child
    this.#input = child.stdin
    this.#output = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const request = [`GET ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')
    child.stdin.write(`${JSON.stringify(request)}\n`)
  }

  /** Settles with their statuses when this many more clients have read as much as they will. */
  async add(count: number): Promise<number[]> {
    this.#input.write(`${count}\n`)
    const { done, value } = await this.#output.next()
    if (done === true) throw new Error('a client was not answered')
    return JSON.parse(value) as number[]
  }

  /** Ends their connections. The end of the test does this too. */
  async leave(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill()
    await exited
  }
}
