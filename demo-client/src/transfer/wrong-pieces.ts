// Which servers have sent the pieces of a file that do not have their digests.
//
// A server that sent one piece wrong may have the others. So of two servers with wrong bytes at different places, each brings
// the pieces of the other.
import type { Piece } from '../rules/expected-file.ts'
import { byteCount, type Interval } from '../state/blocks.ts'
import type { Server } from './server.ts'
import type { Received, Servers } from './servers.ts'

/** The servers that sent bytes of `intervals`. Null is an earlier run. */
export function sendersOf(
  received: readonly Received[],
  intervals: readonly Interval[],
): readonly (Server | null)[] {
  const overlaps = (a: Interval, b: Interval): boolean => a.start < b.end && b.start < a.end
  const senders = received.filter((each) => intervals.some((interval) => overlaps(each, interval)))
  return [...new Set(senders.map(({ server }) => server))]
}

/** Who has sent wrong pieces in one download. */
export class WrongPieces {
  readonly #servers: Servers
  /** How many bytes of pieces were wrong last. */
  #bytes = Number.POSITIVE_INFINITY
  #pieces: readonly Piece[] = []
  /** Who has sent the piece at this offset wrong, and alone. */
  readonly #convicted = new Map<number, Set<Server>>()

  constructor(servers: Servers) {
    this.#servers = servers
  }

  /**
   * Those that sent `pieces` leave, except one if there is no other. Returns them; null if nothing shows that it helps to
   * fetch these pieces again: they are not fewer than before, and were sent by nobody else.
   */
  blame(pieces: readonly Piece[]): readonly (Server | null)[] | null {
    const bytes = byteCount(pieces)
    const isNew = this.#convict(pieces)
    if (bytes === 0 || (bytes >= this.#bytes && !isNew)) return null
    this.#bytes = bytes
    this.#pieces = pieces
    const senders = sendersOf(this.#servers.received, pieces)
    for (const server of senders) {
      if (server === null) continue
      if (!this.#servers.hasReplacement(server)) this.#readmit(senders)
      if (this.#servers.hasReplacement(server))
        this.#servers.leave(server, 'suspected', 'may have sent wrong bytes')
    }
    return senders
  }

  /** The bytes of the pieces that were blamed on someone last. */
  get damaged(): readonly Interval[] {
    return this.#pieces.map(({ start, end }) => ({ start, end }))
  }

  /** Those that were asked for the pieces have failed. Takes part again who was never alone with a wrong one: is there any? */
  readmit(): boolean {
    return this.#readmit([])
  }

  /** Remembers who has sent a wrong piece alone. Was that not known? */
  #convict(pieces: readonly Piece[]): boolean {
    let isNew = false
    for (const piece of pieces) {
      const [sender, ...others] = sendersOf(this.#servers.received, [piece])
      if (sender == null || others.length > 0) continue
      const convicted = this.#convicted.get(piece.start) ?? new Set()
      isNew ||= !convicted.has(sender)
      this.#convicted.set(piece.start, convicted.add(sender))
    }
    return isNew
  }

  /** A server whose other pieces were wrong may have these. All pieces are compared. */
  #readmit(senders: readonly (Server | null)[]): boolean {
    const isBlamed = (server: Server): boolean =>
      senders.includes(server) || this.#pieces.some(({ start }) => this.#convicted.get(start)?.has(server))
    const possible = this.#servers.all.filter((server) => server.role === 'suspected' && !isBlamed(server))
    for (const server of possible) server.become('joined')
    return possible.length > 0
  }
}
