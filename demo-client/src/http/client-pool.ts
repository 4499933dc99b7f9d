// The connections that several downloads share: kept for the next request, and bounded for each host.
import { HostSlots } from '../connect/host-slots.ts'
import { Routes } from '../connect/routes.ts'
import type { HttpClient } from './answer.ts'
import { NodeClient, type NodeClientSettings } from './node-client.ts'

/** How many connections a pool uses. */
export interface PoolLimits {
  readonly hostConnections: number
  /** If a host asks for a longer wait, in ms, each download fails by itself, so the others need not wait. */
  readonly maxRetryDelay: number
}

/** Makes the clients of downloads. Close it when all of them are closed. */
export class ClientPool {
  readonly #limits: PoolLimits
  readonly #routes: Routes
  readonly #slots: HostSlots

  /** @throws DownloadError `ERR_DOWNLOAD_USAGE` if a file of `trust` cannot be used */
  constructor(
    { proxy, trust, env }: Pick<NodeClientSettings, 'proxy' | 'trust' | 'env'>,
    limits: PoolLimits,
  ) {
    this.#limits = limits
    this.#routes = new Routes(proxy, trust, env)
    this.#slots = new HostSlots(limits.hostConnections)
  }

  /** A client for one download. When it is closed, its idle connections stay for the others. */
  client(settings: NodeClientSettings): HttpClient {
    const { maxRetryDelay: maxHoldMs } = this.#limits
    return new NodeClient(settings, { routes: this.#routes, slots: this.#slots, maxHoldMs })
  }

  close(): void {
    this.#slots.close()
    this.#routes.close()
  }
}
