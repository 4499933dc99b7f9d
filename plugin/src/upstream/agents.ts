import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'

/**
 * Ms for which an unused connection is kept. Longer than the pauses between the ranges that a page reads of one file, and
 * so short that two seconds after the last answer the store has none.
 */
const KEEP_MS = 1500

/**
 * The connections of one source. They belong to no other part of the process: the global agent may be replaced, and has
 * bounds of its own. Connections that are kept do not keep the process alive.
 */
export class Agents {
  readonly #plain: HttpAgent
  readonly #secure: HttpsAgent

  /** @param maxConnections how many are kept at most. How many are in use is not bounded here, but by `Leases` */
  constructor(maxConnections: number) {
    const options = { keepAlive: true, maxFreeSockets: maxConnections, timeout: KEEP_MS } as const
    this.#plain = new HttpAgent(options)
    this.#secure = new HttpsAgent(options)
  }

  for({ protocol }: URL): HttpAgent {
    return protocol === 'https:' ? this.#secure : this.#plain
  }

  /** Closes the connections that no answer uses. */
  closeKept(): void {
    for (const agent of [this.#plain, this.#secure]) {
      const sockets = Object.values(agent.freeSockets).flatMap((free) => free ?? [])
      for (const socket of sockets) socket.destroy()
    }
  }
}
