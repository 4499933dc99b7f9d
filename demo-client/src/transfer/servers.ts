// The servers that have the file of a download: one, or also its mirrors. Which one is asked next, and which one is given up.
//
// Bytes of two servers come together only if `rules/same-file.ts` proves that both have the same file. Which bytes came from
// which server is remembered for the time of the run, so that those of a server that lies can be fetched again.
import { mirrorTarget, type Target } from '../http/target.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import { type Expected, otherThanExpected } from '../rules/expected-file.ts'
import { compareServers, contradiction, type MirrorTags } from '../rules/same-file.ts'
import { chooseServer, isWorthTakingOver } from '../rules/server-choice.ts'
import type { Validators } from '../rules/validators.ts'
import type { Assignment } from '../schedule/assignment.ts'
import {
  BytesForgotten,
  type Failure,
  invalidAnswerFailure,
  VersionChanged,
} from '../schedule/attempt-failure.ts'
import { type Interval, uncovered } from '../state/blocks.ts'
import { Server, type ServerPolicy } from './server.ts'

/** The options about servers. */
export interface ServersSettings extends ServerPolicy {
  readonly checksum: ExpectedDigest | null
  readonly expected: Expected | null
  readonly mirrors: readonly string[]
  readonly resumeKey: string | null
  readonly mirrorTags: MirrorTags
}

/** Bytes of the file, and the server that they came from; null if an earlier run received them. */
export interface Received extends Interval {
  readonly server: Server | null
}

/** All servers of one download. */
export class Servers {
  readonly all: readonly Server[]
  readonly #settings: ServersSettings
  #received: readonly Received[] = []
  /** The server by whose answers the version is known. */
  #reference: Server
  /** Called when a server begins or ends to take part. */
  onChange: (change: 'joined' | 'left') => void = () => undefined

  constructor(origin: Target, settings: ServersSettings) {
    this.#settings = settings
    const targets = [origin, ...settings.mirrors.map((url) => mirrorTarget(origin, url))]
    const isNew = (target: Target, index: number): boolean =>
      targets.findIndex(({ url }) => url.href === target.url.href) === index
    this.all = targets.filter(isNew).map((target) => new Server(target, settings))
    this.#reference = this.first
    if (!this.areSeveral) this.first.become('joined')
  }

  /** The server of the URL that the caller gave. */
  get first(): Server {
    return this.all[0] as Server
  }

  /** Are there mirrors? */
  get areSeveral(): boolean {
    return this.all.length > 1
  }

  /** Does a checksum of the caller say which file it is? */
  get areNamedByChecksum(): boolean {
    return this.#settings.checksum !== null
  }

  /** The server by whose answers the version is known. The validators of others are only compared. */
  get reference(): Server {
    return this.#reference
  }

  /**
   * The URL by which a version of `server` is recorded; null for the caller's URL. A caller who names the file by a key and a
   * checksum may give another URL next time: then the checksum joins the bytes, not the tag of a server.
   */
  sourceOf({ origin }: Server): string | null {
    const { resumeKey, checksum } = this.#settings
    const isNamed = resumeKey !== null && checksum !== null
    return origin === this.first.origin && !isNamed ? null : origin.url.href
  }

  /** Those that have the file. */
  get joined(): readonly Server[] {
    return this.all.filter(({ role }) => role === 'joined')
  }

  /** Which bytes came from where, as far as it is known. */
  get received(): readonly Received[] {
    return this.#received
  }

  /** `server` has the version that is fetched now, and it is known by its answers. */
  begin(server: Server): void {
    this.#reference = server
    server.become('joined')
  }

  /** Another version is fetched from now on. Servers that had another one may have it. */
  beginVersion(): void {
    this.#received = []
    if (!this.areSeveral) return
    for (const server of this.all)
      if (server.role !== 'out' && server.role !== 'suspected') server.become('unasked')
  }

  /** `server` has answered with `got`. Compares that with the version `held`, and decides what it is used for. */
  admit(server: Server, held: Validators, got: Validators): void {
    const wrong = this.contradictionOf(server)
    const compared = compareServers(held, got, this.#settings.mirrorTags)
    if (wrong !== null) server.become('other', wrong)
    else if (compared.kind === 'different') server.become('other', compared.reason)
    else if (compared.kind === 'unknown' || !server.hasRanges) server.become('spare')
    else {
      server.become('joined')
      this.onChange('joined')
    }
  }

  /** The file is fetched as one stream, so from one server. The others are left for when it fails. */
  useOne(): void {
    const one = this.joined.find((server) => server === this.#reference) ?? this.joined[0]
    for (const server of this.joined) if (server !== one) server.become('spare')
  }

  /** Is there another server with the file than this one? Then no failure of this one ends the download. */
  hasOther(server: Server): boolean {
    return this.joined.some((each) => each !== server)
  }

  /**
   * `error` says that `server` has another version now. Does the download go on without it? The others have not changed, as
   * far as is known. Without a checksum the caller's URL decides what the file is.
   */
  goOnWithout(server: Server, error: unknown): boolean {
    if (!(error instanceof VersionChanged) || error instanceof BytesForgotten) return false
    if (!this.hasOther(server) || (server === this.first && this.#settings.checksum === null)) return false
    this.leave(server, 'other', `has another file now: ${error.message}`)
    return true
  }

  /** All stored bytes are forgotten because of `server`. The error for that: if there are others, they begin again without it. */
  withoutServer(server: Server, { error, reason }: Failure): Error {
    if (!this.hasOther(server)) return error
    this.leave(server, 'out', reason)
    return new BytesForgotten(reason)
  }

  /** Is there any other server that the file, or this version of it, may come from? */
  hasReplacement(server: Server): boolean {
    const others = this.all.filter((each) => each !== server)
    return others.some(({ role }) => role === 'joined' || role === 'spare' || role === 'unasked')
  }

  /** Servers that seemed to have another file, or wrong bytes, may be right after all. */
  revive(): void {
    for (const server of this.all) {
      if (server.role !== 'other' && server.role !== 'suspected') continue
      server.become('unasked')
      server.validators = null
    }
  }

  /** Only `server` is asked from now on, as if nothing was known about it. What it and the others have sent is forgotten. */
  leaveAlone(server: Server): void {
    for (const each of this.all)
      if (each !== server && each.role !== 'out')
        each.become('suspected', each.reason ?? 'may have another file')
    server.become('unasked')
    server.validators = null
    this.#received = []
  }

  /** Servers that have another file than one that was given up may be asked, if theirs can be the one that was asked for. */
  readmitPossible(): void {
    for (const server of this.all)
      if (server.role === 'other' && this.contradictionOf(server) === null) server.become('unasked')
  }

  /** Why `server` cannot have the file that was asked for; null if it can. */
  contradictionOf({ validators }: Server): string | null {
    const { checksum, expected } = this.#settings
    if (validators === null) return null
    return contradiction(validators, checksum) ?? otherThanExpected(validators, expected)
  }

  /** The server to ask next; null if all of them are asked again only later. */
  choose(): Server | null {
    if (!this.areSeveral) return this.first
    const ready = this.joined.filter((server) => !server.isWaiting)
    return ready[chooseServer(ready.map(({ pace }) => pace))] ?? null
  }

  /** The one that is asked again first, while all of them wait; null if they are busy instead. */
  get firstToAskAgain(): Server | null {
    const waiting = this.joined.filter(({ isWaiting }) => isWaiting)
    return waiting.toSorted((a, b) => a.asksAgainAtMs - b.asksAgainAtMs)[0] ?? null
  }

  /** Call once a second. What a slow server fetches is taken from it if connections of others have nothing to do. */
  takeOver(): void {
    const isFree = ({ pace: { isSlow, active, limit } }: Server): boolean => !isSlow && active < limit
    for (const server of this.joined) {
      const others = this.joined.filter((each) => each !== server && isFree(each))
      const otherRate = Math.max(0, ...others.map(({ pace }) => pace.rate ?? 0))
      for (const each of others.length === 0 ? [] : server.assignments) {
        const missing = each.isAnswered ? each.end - each.position : null
        const rate = each.rateSinceAnswer ?? Number.POSITIVE_INFINITY
        if (each.kind === 'segment' && isWorthTakingOver({ ageMs: each.ageMs, missing, rate }, otherRate))
          each.abort('straggler')
      }
    }
  }

  /** An attempt at one of several servers is over. A server that fails for good leaves. */
  attempted(server: Server, assignment: Assignment, failure: Failure | null): void {
    const isTooLittle = server.isTooLittle(assignment)
    if (assignment.abortReason === 'straggler') server.markSlow()
    const useless = 'sends a few bytes each time, of many that were asked for'
    const last = failure === null && isTooLittle ? invalidAnswerFailure(useless) : failure
    if (last !== null && this.hasOther(server) && !server.mayAskAgain(last))
      this.leave(server, 'out', last.reason)
  }

  /** `server` is not asked for this version any more, as far as there are others, or not at all (`'out'`). `reason` is a clause. */
  leave(server: Server, role: 'spare' | 'other' | 'suspected' | 'out', reason: string | null): void {
    const wasJoined = server.role === 'joined'
    if (server.role !== 'out') server.become(role, reason)
    for (const each of server.assignments) each.abort('server-left')
    if (wasJoined) this.onChange('left')
  }

  /** Bytes of `server` are in the store. */
  addReceived(server: Server, { start, end }: Interval): void {
    if (!this.areSeveral || end <= start) return
    this.forget([{ start, end }])
    this.#received = [...this.#received, { start, end, server }].toSorted((a, b) => a.start - b.start)
  }

  /** Those bytes of `intervals` that came from `server`. */
  sentBy(server: Server, intervals: readonly Interval[]): readonly Interval[] {
    const own = this.#received.filter((each) => each.server === server)
    return own.flatMap(({ start, end }) => {
      const without = uncovered({ start, end }, intervals)
      return uncovered({ start, end }, without)
    })
  }

  /** These bytes are no longer in the store. */
  forget(intervals: readonly Interval[]): void {
    this.#received = this.#received.flatMap(({ server, ...each }) =>
      uncovered(each, intervals).map((kept) => ({ ...kept, server })),
    )
  }
}
