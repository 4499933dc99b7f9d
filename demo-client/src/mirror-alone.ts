// A file from several servers is wrong, and what each of them sent does not show who lies. Then each is asked for all of it
// alone: if one has the file with the checksum, the download ends right.
import type { Server } from './transfer/server.ts'
import type { Servers } from './transfer/servers.ts'
import { sendersOf } from './transfer/wrong-pieces.ts'

/** No more servers than this are asked for the whole file. */
const MAX_TRIES = 5

/** Which servers of one download have been asked for the whole file. */
export class ServersAlone {
  readonly #servers: Servers
  /** Those whose whole file is wrong, and those that did not bring it. */
  readonly #ruledOut = new Set<Server>()
  #tries = 0

  constructor(servers: Servers) {
    this.#servers = servers
  }

  /** Is one of them asked for the whole file now, or was the last one? */
  get hasBegun(): boolean {
    return this.#tries > 0
  }

  /** The file, of `total` bytes, is wrong. If all of it came from one server, that one is not asked again. */
  ruleOutSender(total: number): void {
    const { received, reference } = this.#servers
    const all = [{ start: 0, end: total }]
    const senders = total === 0 ? [reference] : sendersOf(received, all)
    const [sender, ...others] = senders
    const isAll = total === 0 || (sender != null && this.#sizeOf(sender, total) === total)
    if (sender != null && others.length === 0 && isAll) this.#ruledOut.add(sender)
  }

  /** The next server, and no other one takes part any more; null if none is left. */
  next(): Server | null {
    const { all } = this.#servers
    const server = all.find((each) => each.role !== 'out' && !this.#ruledOut.has(each))
    if (server === undefined || this.#tries >= MAX_TRIES) return null
    this.#tries++
    this.#ruledOut.add(server)
    this.#servers.leaveAlone(server)
    return server
  }

  #sizeOf(server: Server, total: number): number {
    return this.#servers
      .sentBy(server, [{ start: 0, end: total }])
      .reduce((sum, { start, end }) => sum + end - start, 0)
  }
}
