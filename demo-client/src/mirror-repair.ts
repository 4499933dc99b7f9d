// A file from several servers is wrong as a whole: finds the server that sent wrong bytes, and what to fetch again.
//
// 0. If the caller has given the digests of pieces, those that are wrong are known, and who sent them.
// 1. Compare the parts with their digests, if a server has them: `transfer/part-check.ts`. What is wrong and came from
//    another server is fetched again.
// 2. Otherwise fetch again what came from servers that have left. Then ask all servers for a few samples:
//    `transfer/sample-vote.ts`. What came from those that most of the others contradict is fetched again.
// 3. Otherwise suspect one server after the other, the caller's URL last, and fetch what came from it from the others.
// 4. If all bytes came from one server, that one has another file. Servers that seemed to have another one are asked again.
// 5. If nobody is left to suspect, those that agree may all have another file. The file is fetched from those that they have
//    outvoted.
// 6. Otherwise, or after the size of three files, each server is asked for all of it alone: `mirror-alone.ts`.
//
// A server is named only if its bytes turn out to differ from those of a file that is right. Each server is suspected once, and
// is alone once, so there is an end.
import { basename } from 'node:path'
import type { Verification } from './disk/verify-digests.ts'
import type { FetchContext } from './fetch-versions.ts'
import { ServersAlone } from './mirror-alone.ts'
import { Suspicions } from './mirror-suspicions.ts'
import { type Piece, pieceNames, piecesIn } from './rules/expected-file.ts'
import { withoutDigests } from './rules/same-file.ts'
import { byteCount, gaps, type Interval, uncovered } from './state/blocks.ts'
import { formatSize } from './text/quantities.ts'
import { PartCheck } from './transfer/part-check.ts'
import { poll } from './transfer/sample-vote.ts'
import type { Server } from './transfer/server.ts'
import { sendersOf, WrongPieces } from './transfer/wrong-pieces.ts'

/** No more than this many times the size of the file is fetched again, before servers are asked alone. */
const MAX_FILES_AGAIN = 3

/** Samples that miss what is wrong are followed by others. */
const MAX_POLLS = 3

/** What is fetched again, and why. */
export interface Repair {
  readonly damaged: readonly Interval[]
  /** As a sentence. */
  readonly message: string
  /** `'alone'`: the file begins again, at the only server that is left. */
  readonly how: 'joined' | 'alone'
}

/** What was found about a wrong file. */
type Wrong = Pick<Extract<Verification, { kind: 'wrong' }>, 'wrongPieces' | 'hasChecksum'>

/** Bytes that may be wrong, and who sent them. */
interface Found {
  readonly suspects: readonly (Server | null)[]
  readonly damaged: readonly Interval[]
}

/** Finds wrong bytes in one download. */
export class MirrorRepair {
  readonly #context: FetchContext
  readonly #suspicions: Suspicions
  readonly #compared = new Set<Server>()
  /** Those that contradict each other. */
  readonly #doubted = new Set<Server | null>()
  #polls = 0
  readonly #wrongPieces: WrongPieces
  #bytesAgain = 0
  /** What two servers have sent alike. */
  #agreed: readonly Interval[] = []
  #hasAskedOutvoted = false
  readonly #alone: ServersAlone
  /** Is it known which pieces are wrong? */
  #hasWrongPieces = false

  constructor(context: FetchContext) {
    this.#context = context
    this.#suspicions = new Suspicions(context)
    this.#wrongPieces = new WrongPieces(context.servers)
    this.#alone = new ServersAlone(context.servers)
  }

  /** Has anything been fetched again? */
  get hasTried(): boolean {
    return this.#bytesAgain > 0 || this.#alone.hasBegun
  }

  /**
   * What to fetch again of the wrong file with `total` bytes; null if nothing is left to try.
   * @param wrong what was found about it
   */
  async next(total: number, wrong: Wrong): Promise<Repair | null> {
    const { servers } = this.#context
    if (!servers.areSeveral) return null
    const pieces = wrong.wrongPieces ?? []
    this.#hasWrongPieces = pieces.length > 0
    if (!wrong.hasChecksum) this.#alone.ruleOutSender(total)
    if (this.#alone.hasBegun) return await this.#askAfterWrong(total)
    const agreed = await this.#suspicions.acquit(total)
    this.#agreed = [...this.#agreed, ...agreed].toSorted((a, b) => a.start - b.start)
    const found =
      this.#blame(pieces) ??
      (await this.#compareParts(total)) ??
      this.#suspectLeft(total) ??
      (await this.#poll(total)) ??
      this.#suspect(total) ??
      this.#askOutvoted(total)
    if (found === null || this.#bytesAgain + byteCount(found.damaged) > MAX_FILES_AGAIN * total)
      return await this.#askAfterWrong(total)
    this.#bytesAgain += byteCount(found.damaged)
    for (const server of found.suspects) await this.#suspicions.remember(server, found.damaged)
    servers.forget(found.damaged)
    this.#forgetDigests()
    const names = found.suspects.map((server) => server?.name ?? 'an earlier run').join(', ')
    const message = `the file is wrong: ${formatSize(byteCount(found.damaged))} from ${names} are fetched again`
    return { damaged: found.damaged, message, how: 'joined' }
  }

  /** With a checksum, the file need not have the digests of a server whose bytes may be wrong, too. */
  #forgetDigests(): void {
    const { store, settings } = this.#context
    if (settings.checksum !== null && store.version !== null)
      store.narrow(withoutDigests(store.version.validators))
  }

  /** Does a checksum say which file it is, and nothing else which pieces are wrong? */
  get #mayAskAlone(): boolean {
    return this.#context.settings.checksum !== null && !this.#hasWrongPieces
  }

  /** What was to be fetched again of `total` bytes could not be. What to fetch now; null if nothing is left to try. */
  afterFailure(total: number): Repair | null {
    const damaged = this.#hasWrongPieces ? this.#wrongPieces.damaged : []
    if (damaged.length === 0 || !this.#wrongPieces.readmit()) return this.#askAlone(total)
    this.#context.servers.forget(damaged)
    const message = `the file is wrong: ${formatSize(byteCount(damaged))} are fetched from servers that may have them`
    return { damaged, message, how: 'joined' }
  }

  /** The whole file, of `total` bytes, from the next server alone; null if none is left, or wrong pieces are known. */
  #askAlone(total: number): Repair | null {
    const server = this.#mayAskAlone ? this.#alone.next() : null
    if (server === null) return null
    const message = `the file is wrong: all of it is fetched from ${server.name} alone`
    return { damaged: [{ start: 0, end: total }], message, how: 'alone' }
  }

  /** The same; who has sent bytes of the wrong file is named if they differ from those of the right one. */
  async #askAfterWrong(total: number): Promise<Repair | null> {
    if (!this.#mayAskAlone) return null
    const all = [{ start: 0, end: total }]
    for (const sender of sendersOf(this.#context.servers.received, all))
      await this.#suspicions.remember(sender, all)
    return this.#askAlone(total)
  }

  /** The file, of `total` bytes, is right now. A server whose bytes were others is a liar. */
  async nameLiars(total: number): Promise<void> {
    for (const [server, bytes] of await this.#suspicions.liars(total))
      this.#context.servers.leave(server, 'out', this.#inWords(bytes))
  }

  #inWords(bytes: readonly Interval[]): string {
    const pieces = this.#context.settings.expected?.pieces ?? null
    const where = pieces === null ? '' : ` in ${pieceNames(piecesIn(pieces, bytes), pieces)}`
    return `sent wrong bytes${where}; ${formatSize(byteCount(bytes))} were fetched again`
  }

  /** All wrong pieces are fetched again, from others than those that sent them as far as there are any. */
  #blame(pieces: readonly Piece[]): Found | null {
    const { servers } = this.#context
    const senders = this.#wrongPieces.blame(pieces)
    if (senders === null) return null
    const isOfEarlierRun = pieces.some((each) => uncovered(each, servers.received).length > 0)
    const damaged = pieces.map(({ start, end }) => ({ start, end }))
    return { suspects: isOfEarlierRun ? [null, ...senders] : senders, damaged }
  }

  /** Compares with the digests of one server after the other. */
  async #compareParts(total: number): Promise<Found | null> {
    const { servers, store, client, settings, output } = this.#context
    const outputName = output.isNamed ? basename(output.path) : null
    for (const server of servers.joined) {
      if (this.#compared.has(server) || !server.hasPartDigests || !servers.hasOther(server)) continue
      this.#compared.add(server)
      const check = { store, client, server, settings, outputName, reason: 'damage' } as const
      const result = await new PartCheck(check, gaps([], total)).run().catch(() => null)
      settings.signal?.throwIfAborted()
      if (result?.kind !== 'compared' || result.damaged.length === 0) continue
      const suspects = sendersOf(servers.received, result.damaged).filter((each) => each !== server)
      if (suspects.length > 0) return this.#accuse(suspects, result.damaged)
    }
    return null
  }

  /** Asks the servers for samples. */
  async #poll(total: number): Promise<Found | null> {
    const { servers, settings } = this.#context
    if (this.#polls >= MAX_POLLS || servers.joined.length < 2 || total === 0) return null
    const { liars, doubted } = await poll(this.#context, total, this.#polls++)
    settings.signal?.throwIfAborted()
    for (const each of doubted) this.#doubted.add(each)
    const ofEarlierRun = liars.includes(null) ? this.#ofEarlierRun(total) : []
    const sent = liars.flatMap((each) =>
      each === null ? [] : servers.sentBy(each, [{ start: 0, end: total }]),
    )
    return liars.length === 0 ? null : this.#accuse(liars, [...ofEarlierRun, ...sent])
  }

  #ofEarlierRun(total: number): readonly Interval[] {
    return gaps(this.#context.servers.received, total)
  }

  /** Servers that have left already, because something about them was wrong, and what they had sent before. */
  #suspectLeft(total: number): Found | null {
    const { servers } = this.#context
    const all = [{ start: 0, end: total }]
    const isGone = (each: Server): boolean => each.role !== 'joined' && this.#suspicions.isNew(each)
    const left = servers.all.filter((each) => isGone(each) && servers.sentBy(each, all).length > 0)
    const sent = left.flatMap((each) => servers.sentBy(each, all))
    return sent.length === 0 || servers.joined.length === 0 ? null : this.#accuse(left, sent)
  }

  /** Suspects the next server, and returns its bytes. */
  #suspect(total: number): Found | null {
    const { servers } = this.#context
    const ofEarlierRun = this.#ofEarlierRun(total)
    if (ofEarlierRun.length > 0 && this.#suspicions.isNew(null)) return this.#accuse([null], ofEarlierRun)
    // An empty file was sent by nobody.
    const senders =
      total === 0 ? [servers.reference] : sendersOf(servers.received, [{ start: 0, end: total }])
    const bytesOf = (each: Server): readonly Interval[] =>
      servers.sentBy(each, [{ start: 0, end: total }]).flatMap((sent) => uncovered(sent, this.#agreed))
    const isSuspect = (each: Server): boolean =>
      this.#suspicions.isNew(each) && (total === 0 || bytesOf(each).length > 0)
    const ordered = servers.all.toReversed().filter((each) => senders.includes(each) && isSuspect(each))
    const suspect = ordered.find((each) => this.#doubted.has(each)) ?? ordered[0]
    if (suspect === undefined) return null
    if (!servers.hasOther(suspect)) servers.revive()
    return servers.hasReplacement(suspect) ? this.#accuse([suspect], bytesOf(suspect)) : null
  }

  /** Those that agree have been suspected in vain. Then all of them may have another file than the one that is asked for. */
  #askOutvoted(total: number): Found | null {
    const { servers } = this.#context
    if (this.#hasAskedOutvoted || servers.joined.length < 2) return null
    this.#hasAskedOutvoted = true
    servers.revive()
    const isAsked = servers.all.some(({ role }) => role === 'unasked')
    return isAsked ? this.#accuse(servers.joined, [{ start: 0, end: total }]) : null
  }

  #accuse(suspects: readonly (Server | null)[], damaged: readonly Interval[]): Found {
    for (const server of suspects)
      if (server !== null) this.#context.servers.leave(server, 'suspected', 'may have sent wrong bytes')
    return { suspects, damaged: damaged.map(({ start, end }) => ({ start, end })) }
  }
}
