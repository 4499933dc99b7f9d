import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { Store } from './store.ts'
import { type Fault, StoreConnection } from './store-connection.ts'

/** One request that a store was asked. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>
}

/**
 * Stands between a source and a store: notes each request, counts the connections, and cuts some on command. It passes
 * bytes on as they are, so that all that a store sends arrives, wrong or not. For requests without a body.
 */
export class StoreProxy {
  /** The store as its clients reach it through this. */
  readonly store: Store
  /** All requests until now. */
  readonly requests: SeenRequest[] = []
  readonly #server: Server
  readonly #target: URL
  readonly #open = new Set<StoreConnection>()
  readonly #faults: Fault[] = []
  #mostOpen = 0
  #connections = 0

  private constructor(server: Server, store: Store) {
    this.#server = server
    this.#target = new URL(store.endpoint)
    this.store = { ...store, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    server.on('connection', (client: Socket) => this.#join(client))
  }

  /** Listens on a free port until the test ends. */
  static async start(t: Test, store: Store): Promise<StoreProxy> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new StoreProxy(server, store)
    t.teardown(() => proxy.#close())
    return proxy
  }

  /** How many connections clients hold open. */
  get open(): number {
    return this.#open.size
  }

  /** The most that were open at a time. */
  get mostOpen(): number {
    return this.#mostOpen
  }

  /** How many there have been until now. */
  get connections(): number {
    return this.#connections
  }

  /** How many faults have not been given to a request yet. */
  get faultsLeft(): number {
    return this.#faults.length
  }

  /** Each of the next requests gets the next of these faults. Those after them get none. */
  spoil(...faults: readonly Fault[]): void {
    this.#faults.push(...faults)
  }

  /** Resets all connections that are open. */
  resetAll(): void {
    for (const connection of this.#open) connection.reset()
  }

  #join(client: Socket): void {
    const connection = new StoreConnection(client, {
      host: this.#target.hostname,
      port: Number(this.#target.port),
      onRequests: (heads) => {
        this.requests.push(...heads.map(parsed))
        return this.#faults.shift()
      },
      onClosed: () => this.#open.delete(connection),
    })
    this.#open.add(connection)
    this.#connections++
    this.#mostOpen = Math.max(this.#mostOpen, this.#open.size)
  }

  #close(): void {
    this.#server.close()
    for (const connection of this.#open) connection.destroy()
  }
}

function parsed(head: string): SeenRequest {
  const [line = '', ...lines] = head.split('\r\n')
  const [method = '', target = ''] = line.split(' ')
  const fields = lines.map((each): [string, string] => {
    const colon = each.indexOf(':')
    return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()]
  })
  return { method, target, fields: new Map(fields) }
}
