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
//
// A server is named only if its bytes turn out to differ from those of a file that is right. Each server is suspected once,
// so there is an end, and what is fetched again is limited to the size of three files.
import { basename } from 'node:path'
import type { FetchContext } from './fetch-versions.ts'
import { type Piece, pieceNames, piecesIn } from './rules/expected-file.ts'
import { byteCount, gaps, type Interval, uncovered } from './state/blocks.ts'
import { formatSize } from './text/quantities.ts'
import { PartCheck } from './transfer/part-check.ts'
import { poll } from './transfer/sample-vote.ts'
import type { Server } from './transfer/server.ts'
import { sendersOf, WrongPieces } from './transfer/wrong-pieces.ts'

/** No more than this many times the size of the file is fetched again. */
const MAX_FILES_AGAIN = 3

/** Samples that miss what is wrong are followed by others. */
const MAX_POLLS = 3

/** What is fetched again, and why. */
export interface Repair {
  readonly damaged: readonly Interval[]
  /** As a sentence. */
  readonly message: string
}

/** Bytes of a suspected server, and their digests before they were fetched again. */
interface Suspicion {
  /** Null: an earlier run. */
  readonly server: Server | null
  readonly bytes: readonly (Interval & { readonly digest: string })[]
}

/** Bytes that may be wrong, and who sent them. */
interface Found {
  readonly suspects: readonly (Server | null)[]
  readonly damaged: readonly Interval[]
}

/** Finds wrong bytes in one download. */
export class MirrorRepair {
  readonly #context: FetchContext
  readonly #suspicions: Suspicion[] = []
  readonly #compared = new Set<Server>()
  /** Those that contradict each other. */
  readonly #doubted = new Set<Server | null>()
  #polls = 0
  readonly #wrongPieces: WrongPieces
  #bytesAgain = 0
  /** What two servers have sent alike. */
  #agreed: readonly Interval[] = []
  #hasAskedOutvoted = false

  constructor(context: FetchContext) {
    this.#context = context
    this.#wrongPieces = new WrongPieces(context.servers)
  }

  /** Has anything been fetched again? */
  get hasTried(): boolean {
    return this.#bytesAgain > 0
  }

  /**
   * What to fetch again of the wrong file with `total` bytes; null if nothing is left to try.
   * @param pieces those that are wrong, or null if that is not known
   */
  async next(total: number, pieces: readonly Piece[] | null): Promise<Repair | null> {
    const { servers } = this.#context
    if (!servers.areSeveral) return null
    await this.#acquit(total)
    const found =
      this.#blame(pieces ?? []) ??
      (await this.#compareParts(total)) ??
      this.#suspectLeft(total) ??
      (await this.#poll(total)) ??
      this.#suspect(total) ??
      this.#askOutvoted(total)
    if (found === null || this.#bytesAgain + byteCount(found.damaged) > MAX_FILES_AGAIN * total) return null
    this.#bytesAgain += byteCount(found.damaged)
    for (const server of found.suspects) await this.#remember(server, found.damaged)
    servers.forget(found.damaged)
    const names = found.suspects.map((server) => server?.name ?? 'an earlier run').join(', ')
    const message = `the file is wrong: ${formatSize(byteCount(found.damaged))} from ${names} are fetched again`
    return { damaged: found.damaged, message }
  }

  /** The file, of `total` bytes, is right now. A server whose bytes were others is a liar. */
  async nameLiars(total: number): Promise<void> {
    const liars = new Map<Server, readonly Interval[]>()
    for (const { server, bytes } of this.#suspicions)
      if (server !== null && (isOfOtherSize(server, total) || !(await this.#areStored(bytes))))
        liars.set(server, [...(liars.get(server) ?? []), ...bytes])
    for (const [server, bytes] of liars) this.#context.servers.leave(server, 'out', this.#inWords(bytes))
    // A server that was suspected without a reason needs no warning.
    for (const { server } of this.#suspicions)
      if (server?.role === 'suspected' && !liars.has(server)) server.become('joined')
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
    const isGone = (each: Server): boolean => each.role !== 'joined' && this.#isNew(each)
    const left = servers.all.filter((each) => isGone(each) && servers.sentBy(each, all).length > 0)
    const sent = left.flatMap((each) => servers.sentBy(each, all))
    return sent.length === 0 || servers.joined.length === 0 ? null : this.#accuse(left, sent)
  }

  /** Suspects the next server, and returns its bytes. */
  #suspect(total: number): Found | null {
    const { servers } = this.#context
    const ofEarlierRun = this.#ofEarlierRun(total)
    if (ofEarlierRun.length > 0 && this.#isNew(null)) return this.#accuse([null], ofEarlierRun)
    // An empty file was sent by nobody.
    const senders =
      total === 0 ? [servers.reference] : sendersOf(servers.received, [{ start: 0, end: total }])
    const bytesOf = (each: Server): readonly Interval[] =>
      servers.sentBy(each, [{ start: 0, end: total }]).flatMap((sent) => uncovered(sent, this.#agreed))
    const isSuspect = (each: Server): boolean =>
      this.#isNew(each) && (total === 0 || bytesOf(each).length > 0)
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

  #isNew(server: Server | null): boolean {
    return !this.#suspicions.some((each) => each.server === server)
  }

  #accuse(suspects: readonly (Server | null)[], damaged: readonly Interval[]): Found {
    for (const server of suspects)
      if (server !== null) this.#context.servers.leave(server, 'suspected', 'may have sent wrong bytes')
    return { suspects, damaged: damaged.map(({ start, end }) => ({ start, end })) }
  }

  async #remember(server: Server | null, damaged: readonly Interval[]): Promise<void> {
    const { servers } = this.#context
    const sent = server === null ? damaged : servers.sentBy(server, damaged)
    const bytes: (Interval & { digest: string })[] = []
    for (const { start, end } of sent)
      bytes.push({ start, end, digest: await this.#digestOf({ start, end }) })
    this.#suspicions.push({ server, bytes })
  }

  /** A suspected server takes part again if others have sent the same bytes. */
  async #acquit(total: number): Promise<void> {
    for (const { server, bytes } of this.#suspicions)
      if (server?.role === 'suspected' && !isOfOtherSize(server, total) && (await this.#areStored(bytes))) {
        server.become('joined')
        this.#agreed = [...this.#agreed, ...bytes].toSorted((a, b) => a.start - b.start)
      }
  }

  async #areStored(bytes: Suspicion['bytes']): Promise<boolean> {
    for (const each of bytes) if ((await this.#digestOf(each)) !== each.digest) return false
    return true
  }

  async #digestOf(interval: Interval): Promise<string> {
    return (await this.#context.store.digests(['sha-256'], interval)).get('sha-256') ?? ''
  }
}

function isOfOtherSize({ validators }: Server, total: number): boolean {
  return validators?.total != null && validators.total !== total
}
