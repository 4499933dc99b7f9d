// An open file descriptor as an output, such as standard output.
import { write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemCode } from '../errors.ts'
import { tracked } from '../files/hanging-calls.ts'
import type { OrderedOutput } from './ordered-output.ts'

/** Another process may have set a pipe to non-blocking. Then there is nothing to wait for but time, in ms. */
const FIRST_WAIT_MS = 1
const LONGEST_WAIT_MS = 50

/**
 * Writes in a thread, so that a reader that reads nothing does not block keys, signals and timeouts. The streams of
 * Node.js for standard output would: they write to pipes at once. The descriptor stays open.
 */
export class DescriptorOutput implements OrderedOutput {
  readonly name: string
  readonly #descriptor: number

  constructor(descriptor: number, name: string) {
    this.#descriptor = descriptor
    this.name = name
  }

  open(): void {
    // A descriptor fails only when it is written to.
  }

  async write(bytes: Buffer): Promise<void> {
    let waitMs = FIRST_WAIT_MS
    for (let done = 0; done < bytes.length; ) {
      try {
        done += await tracked(this.#writeSome(bytes.subarray(done)))
        waitMs = FIRST_WAIT_MS
      } catch (error) {
        if (systemCode(error) !== 'EAGAIN') throw error
        await sleep(waitMs)
        waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)
      }
    }
  }

  #writeSome(bytes: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#descriptor, bytes, (error, count) => (error === null ? resolve(count) : reject(error)))
    })
  }

  async end(): Promise<void> {
    // What comes after the file is for the owner of the descriptor to say.
  }

  fail(): void {
    // The exit status says that what was written is not the whole file.
  }
}
