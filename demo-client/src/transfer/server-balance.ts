// How the connections of a transfer are divided among several servers, while it runs. With one server it does nothing.
import type { HttpClient } from '../http/answer.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import type { PauseGate } from '../schedule/pause-gate.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { pollEarly } from './sample-vote.ts'
import type { Servers } from './servers.ts'

/** What is balanced. */
export interface ServerBalanceContext {
  readonly servers: Servers
  readonly schedule: Schedule
  readonly client: HttpClient
  readonly gate: PauseGate
  readonly settings: {
    readonly connections: number
    readonly limitRate: number | null
    readonly checksum: ExpectedDigest | null
    readonly stallTimeout: number
  }
  /** Starts connections, up to the number that the schedule allows. */
  readonly startWorkers: () => void
}

/** How often connections are given to the fastest server. */
const BALANCE_MS = 300
/** Of a smaller file little would have to be fetched again. */
const MIN_COMPARED_BYTES = 16 * 1024 * 1024

/** Gives connections to the servers that are fast, and leaves out those whose bytes differ. Stop it. */
export class ServerBalance {
  readonly #context: ServerBalanceContext
  readonly #over = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isCompared = false

  constructor(context: ServerBalanceContext) {
    this.#context = context
  }

  start(): void {
    const { servers, schedule, settings } = this.#context
    for (const server of servers.all) server.beginTransfer()
    if (!servers.areSeveral) return
    schedule.addConnections((servers.joined.length - 1) * settings.connections)
    servers.onChange = (change) => this.#changed(change)
    this.#timer = setInterval(() => this.#balance(), BALANCE_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#context.servers.onChange = () => undefined
    this.#over.abort()
  }

  /** The version is known: compares samples of the servers, once. */
  compare(): void {
    const { servers, schedule, client, settings } = this.#context
    const total = schedule.total ?? 0
    if (this.#isCompared || servers.joined.length < 2 || total < MIN_COMPARED_BYTES) return
    this.#isCompared = true
    // What it does not find is found when the whole file is verified.
    pollEarly({ servers, client, settings }, total, this.#over.signal).catch(() => undefined)
  }

  /** Each server has its own connections, so that a bad one takes none from the others. */
  #changed(change: 'joined' | 'left'): void {
    const { schedule, settings, startWorkers } = this.#context
    schedule.addConnections(change === 'joined' ? settings.connections : -settings.connections)
    if (schedule.isConfirmed) startWorkers()
  }

  /** Which server is fast is known by now: connections go there, and take over from others. */
  #balance(): void {
    const { servers, schedule, gate, settings, startWorkers } = this.#context
    if (gate.isClosed) return
    if (settings.limitRate === null) servers.takeOver()
    if (schedule.isConfirmed) startWorkers()
  }
}
