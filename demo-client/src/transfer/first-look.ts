// Asks each of several servers for the first bytes of the file, to see which of them have the same one.
//
// They are asked at once, so a server that does not answer costs no time. The server of the caller's URL decides which file
// it is, if it answers soon. What is stored already decides before it.
import { isSameVersion, type Validators } from '../rules/validators.ts'
import { RetryWaits } from '../schedule/retry-waits.ts'
import { type FirstLookContext, lookAt, NOTHING } from './look-request.ts'
import type { Server } from './server.ts'

/** Servers that are asked at once. The next one is asked when one of them has nothing to offer. */
const MAX_ASKED = 8
/** How long the caller's URL is waited for after a mirror has answered, in ms; or as long again as that took. */
const PATIENCE_MS = 500

/** `'started-over'`: what was stored is forgotten, because no server is known to have it. `'nobody'`: no server is left. */
export type Choice = 'ready' | 'started-over' | 'nobody'

/** Looks at the servers of one download, and goes on looking at late ones while others are used. Close it. */
export class FirstLook {
  readonly #context: FirstLookContext
  readonly #over = new AbortController()
  readonly #waits: RetryWaits
  readonly #asked = new Set<Server>()
  /** Those whose first attempt is over. */
  readonly #settled = new Set<Server>()
  /** Those that all of the download was left to, at one time. */
  readonly #tried = new Set<Server>()
  #isDecided = false
  #wake: () => void = () => undefined
  /** Called when the caller's URL answers late, and has another file than the mirrors that are used. */
  onOtherFile: (reason: string) => void = () => undefined

  constructor(context: FirstLookContext) {
    const { retries, retryDelay: delay, maxRetryDelay: maxDelay } = context.settings
    this.#context = context
    this.#waits = new RetryWaits({ retries, delay, maxDelay }, this.#over.signal, () => undefined)
  }

  /** Decides which servers take part in the next transfer. */
  async choose(): Promise<Choice> {
    const { servers, store } = this.#context
    if (!servers.areSeveral || servers.joined.length > 0) return 'ready'
    this.#isDecided = false
    for (const server of servers.all)
      if (server.validators === null && this.#settled.delete(server)) this.#asked.delete(server)
    this.#askMore()
    await this.#untilEnoughIsKnown()
    if (this.#over.signal.aborted) return 'ready' // the transfer reports it
    let isChosen = this.#isReady()
    if (!isChosen) {
      await this.#untilAllAreKnown()
      if (this.#over.signal.aborted) return 'ready'
      isChosen = this.#isReady()
    }
    if (!isChosen) this.#reconsider()
    const isForgotten = !isChosen && this.#alive.length > 0
    if (isForgotten) {
      await store.forget()
      this.#elect()
    }
    this.#isDecided = true
    for (const server of this.#alive) if (server.role === 'unasked') this.#classify(server)
    for (const server of servers.joined) this.#tried.add(server)
    if (servers.joined.length === 0) return 'nobody'
    return isForgotten ? 'started-over' : 'ready'
  }

  /** Another version is fetched from now on: what was seen says nothing about it. */
  forget(): void {
    for (const server of this.#context.servers.all) server.validators = null
    this.#isDecided = false
  }

  close(): void {
    this.#over.abort()
    this.#wake()
  }

  get #alive(): readonly Server[] {
    const { all } = this.#context.servers
    return all.filter(
      ({ role, validators }) => validators !== null && (role === 'unasked' || role === 'spare'),
    )
  }

  /** Chooses among those that have answered. False if none of them has the file, as far as is known. */
  #isReady(): boolean {
    const held = this.#context.store.joinable
    return held === null ? this.#elect() : this.#joinTo(held)
  }

  /** Stored bytes are there. Those that have their version take part; otherwise only the server that they came from. */
  #joinTo(held: Validators): boolean {
    const { servers } = this.#context
    const source = this.#source
    for (const server of this.#alive) this.#compare(server, held)
    const first = [source, servers.first, ...servers.joined].find((each) => each?.role === 'joined')
    if (first != null) {
      servers.begin(first)
      return true
    }
    if (source === null || source.role === 'out' || source.role === 'suspected') return false
    source.validators = held // if it has another version by now, its next answer shows that
    servers.begin(source)
    return true
  }

  /**
   * Nobody is left who has the stored version. If it does not have the checksum, or cannot be completed, servers were left out
   * because they have another file: one of theirs may be the one with the checksum.
   */
  #reconsider(): void {
    const { servers, settings } = this.#context
    const role = this.#source?.role
    if (settings.checksum === null || (role !== 'suspected' && role !== 'out')) return
    for (const server of servers.all)
      if (server.role === 'other' && server.validators !== null && !this.#tried.has(server))
        server.become('unasked')
  }

  /** Nothing is stored. The first server that answers decides which file it is; if none does, the caller's URL is tried alone. */
  #elect(): boolean {
    const { servers } = this.#context
    for (const server of this.#alive) server.become('unasked')
    const reference = this.#alive[0]
    if (reference === undefined) {
      if (this.#isFirstTried) return false
      // It has another file than the expected one. One that has not answered yet, or only failed, may have that.
      if (servers.first.role === 'other' && !this.#areAllKnown) return false
      servers.begin(servers.first)
      return true
    }
    const wrong = servers.contradictionOf(reference)
    if (wrong !== null) {
      reference.become('other', wrong)
      return this.#elect()
    }
    servers.begin(reference)
    const held = reference.validators ?? NOTHING
    for (const server of this.#alive)
      if (server !== reference) servers.admit(server, held, server.validators ?? NOTHING)
    // One that takes no ranges is alone, or not used.
    const other = servers.joined.find((each) => each !== reference)
    servers.begin(other !== undefined && !reference.hasRanges ? other : reference)
    if (other !== undefined && !reference.hasRanges) reference.become('spare')
    return true
  }

  /** Was all of the file left to the caller's URL already, or may it have sent wrong bytes? Then it is not tried alone. */
  get #isFirstTried(): boolean {
    const { first } = this.#context.servers
    return this.#tried.has(first) || first.role === 'suspected'
  }

  /** The server that the stored bytes came from; null if it is not one of these. */
  get #source(): Server | null {
    const { servers, store } = this.#context
    if (store.version === null) return null
    const isSource = (server: Server): boolean =>
      store.isFrom(server.origin.url.href) || (server === servers.first && store.isFrom(null))
    return servers.all.find(isSource) ?? null
  }

  #compare(server: Server, held: Validators): void {
    const got = server.validators ?? NOTHING
    if (server !== this.#source) this.#context.servers.admit(server, held, got)
    else if (isSameVersion(held, got) && server.hasRanges) this.#context.servers.begin(server)
    else server.become('spare')
  }

  /** A server has answered after the others were chosen. */
  #classify(server: Server): void {
    const { servers, store, settings } = this.#context
    const held = store.joinable ?? servers.reference.validators
    if (held === null) server.become('spare')
    else servers.admit(server, held, server.validators ?? NOTHING)
    if (server === servers.first && server.role === 'other' && settings.checksum === null)
      this.onOtherFile(`${server.name} ${server.reason}`)
  }

  #askMore(): void {
    const { all } = this.#context.servers
    const isOffering = ({ role }: Server): boolean =>
      role !== 'out' && role !== 'other' && role !== 'suspected'
    for (const server of all) {
      if (all.filter((each) => this.#asked.has(each) && isOffering(each)).length >= MAX_ASKED) return
      if (this.#asked.has(server) || !isOffering(server)) continue
      this.#asked.add(server)
      void this.#ask(server)
    }
  }

  async #ask(server: Server): Promise<void> {
    for (;;) {
      const failure = await lookAt(server, this.#context, this.#over.signal)
      if (this.#over.signal.aborted) return
      if (server.role === 'out') {
        // It failed elsewhere in the meantime. Nobody may wait for its answer.
        this.#settled.add(server)
        return this.#wake()
      }
      if (failure === null || !server.mayAskAgain(failure)) {
        if (failure !== null && server.role !== 'joined') server.become('out', failure.reason)
        this.#settled.add(server)
        if (this.#isDecided && server.role === 'unasked') this.#classify(server)
        this.#askMore()
        return this.#wake()
      }
      this.#settled.add(server)
      this.#wake()
      await this.#waits.sleep(server.asksAgainAtMs - performance.now())
    }
  }

  /** Resolves when the caller's URL has answered, or has had its time, or when all servers have failed once. */
  async #untilEnoughIsKnown(): Promise<void> {
    const { servers } = this.#context
    const begunAt = performance.now()
    let aliveAt: number | null = null
    while (!this.#over.signal.aborted) {
      const settled = [...this.#asked].filter((server) => this.#settled.has(server))
      if (this.#alive.length > 0) aliveAt ??= performance.now()
      const isFirstKnown = this.#settled.has(servers.first) && this.#alive.length > 0
      if (isFirstKnown || settled.length === this.#asked.size) return
      const patience = aliveAt === null ? null : Math.max(PATIENCE_MS, aliveAt - begunAt)
      const leftMs = patience === null || aliveAt === null ? null : aliveAt + patience - performance.now()
      if (leftMs !== null && leftMs <= 0) return
      await this.#nextEvent(leftMs)
    }
  }

  /**
   * Waits until each server that was asked has answered, or has failed once. Those that fail are asked again first, as often as
   * any server, if the caller's URL has another file than the expected one, or if nobody has answered and it was tried.
   */
  async #untilAllAreKnown(): Promise<void> {
    while (!this.#over.signal.aborted && !this.#areAllKnown) await this.#nextEvent(null)
  }

  get #areAllKnown(): boolean {
    const isLast = this.#alive.length === 0 && this.#isFirstTried
    const isNeeded = isLast || this.#context.servers.first.role === 'other'
    const isAskedAgain = ({ role, validators }: Server): boolean =>
      validators === null && (role === 'unasked' || role === 'spare')
    return [...this.#asked].every(
      (server) => this.#settled.has(server) && !(isNeeded && isAskedAgain(server)),
    )
  }

  async #nextEvent(leftMs: number | null): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (leftMs !== null) timer = setTimeout(resolve, leftMs)
    })
    clearTimeout(timer)
  }
}
