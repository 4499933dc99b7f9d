import type { Client } from './client.ts'
import { connectClient } from './connect-client.ts'
import type { Load, LoadResult } from './protocol.ts'
import { type Question, questions } from './request-maker.ts'

const MAX_LATENCIES = 50_000
/** An answer that does not come within this time after the end is an error. */
const GRACE_MS = 60_000

/** One load: connected first, then run once. */
export class LoadRun {
  readonly #load: Load
  readonly #next: () => Question
  readonly #askedAt = new Map<Client, number>()
  readonly #latencies: number[] = []
  #startedAt = 0
  #answers = 0
  #idle = 0
  #finish: (() => void) | undefined
  #fail: (error: Error) => void = () => {}

  private constructor(load: Load) {
    this.#load = load
    this.#next = questions(load)
  }

  /** Opens the connections. */
  static async connect(load: Load): Promise<LoadRun> {
    const run = new LoadRun(load)
    const events = {
      onAnswer: (connection: Client) => run.#answered(connection),
      onFailure: (error: Error) => run.#fail(error),
    }
    for (let count = 0; count < load.connections; count++) {
      run.#askedAt.set(await connectClient(load, events), 0)
    }
    return run
  }

  /** Sends requests until the time is over, then closes the connections. Rejects if an answer is wrong or missing. */
  async go(): Promise<LoadResult> {
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#finish = resolve
        this.#fail = reject
        timer = setTimeout(
          () => reject(new Error('An answer did not come')),
          this.#load.durationMs + GRACE_MS,
        )
        this.#startedAt = performance.now()
        for (const connection of this.#askedAt.keys()) this.#ask(connection)
      })
      const wallMs = performance.now() - this.#startedAt
      const latenciesMs = this.#latencies.sort((a, b) => a - b)
      return { answers: this.#answers, wallMs, latenciesMs }
    } finally {
      clearTimeout(timer)
      for (const connection of this.#askedAt.keys()) connection.close()
    }
  }

  #ask(connection: Client): void {
    const question = this.#next()
    this.#askedAt.set(connection, performance.now())
    connection.ask(question)
  }

  #answered(connection: Client): void {
    const now = performance.now()
    this.#answers++
    if (this.#latencies.length < MAX_LATENCIES)
      this.#latencies.push(now - (this.#askedAt.get(connection) ?? now))
    if (now - this.#startedAt < this.#load.durationMs) this.#ask(connection)
    else if (++this.#idle === this.#load.connections) this.#finish?.()
  }
}
