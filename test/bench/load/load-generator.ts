import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Load, LoadResult, Order, Readers, ReadersResult, Report, Stall } from './protocol.ts'

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url))

/** The process that acts as the clients. It takes one order at a time. */
export class LoadGenerator {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  constructor() {
    this.#child = fork(PROGRAM, { execArgv: [] })
    this.#ended = once(this.#child, 'exit').then(() => {
      throw new Error('The load generator ended')
    })
    this.#ended.catch(() => {})
  }

  /** Opens the connections of a load. */
  async connect(load: Load): Promise<void> {
    await this.#order({ kind: 'load', load })
  }

  /** Runs the load that was connected last. Throws if an answer was wrong. */
  async go(): Promise<LoadResult> {
    const report = await this.#order({ kind: 'go' })
    if (report.kind !== 'done') throw new Error(`The load generator said ${report.kind}`)
    return report.result
  }

  /** Starts more clients that stop reading. Resolves when they have stopped. */
  async stall(stall: Stall): Promise<void> {
    await this.#order({ kind: 'stall', stall })
  }

  /** Disconnects all stalled clients. */
  async release(): Promise<void> {
    await this.#order({ kind: 'release' })
  }

  /** Starts clients that read a file again and again. Resolves when each has got its first bytes. */
  async read(readers: Readers): Promise<void> {
    await this.#order({ kind: 'read', readers })
  }

  /** Begins to count what the readers read. */
  async countReads(): Promise<void> {
    await this.#order({ kind: 'count' })
  }

  /** Disconnects the readers, and returns what they have read. */
  async stopReading(): Promise<ReadersResult> {
    const report = await this.#order({ kind: 'unread' })
    if (report.kind !== 'read') throw new Error(`The load generator said ${report.kind}`)
    return report.result
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }

  async #order(order: Order): Promise<Report> {
    this.#child.send(order)
    const [report] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [Report]
    if (report.kind === 'failed') throw new Error(report.message)
    return report
  }
}
