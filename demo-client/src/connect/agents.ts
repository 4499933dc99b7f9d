// The connections that requests go over: opened directly or through a proxy, and kept.
import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { registerSpare, releaseSpare } from '../files/descriptors.ts'
import { shortageOf } from '../shortage.ts'
import { type AddressAndPort, type Dialled, dial } from './happy-eyeballs.ts'
import { openWired } from './parser-bypass.ts'
import { openTunnel } from './tunnel.ts'

/** What a request tells its agent beside what node:http does. */
export interface Opening extends ClientRequestArgs {
  /** Gives up the opening of a connection. An agent of node:http would wait for it, though the request is destroyed. */
  readonly opening: AbortSignal
}

type Opened = (error: Error | null, socket: Duplex) => void

/** Keeps the connections of one download. Close it. */
export class Agents {
  readonly #plain = new PlainAgent({ keepAlive: true })
  readonly #tls = new TlsAgent(null)
  /** By the URL of the proxy. */
  readonly #tunnels = new Map<string, TlsAgent>()
  readonly #keep = registerSpare('idle', () => this.dropIdle() > 0)

  /** Whose connections speak HTTP. */
  plain(): HttpAgent {
    return this.#plain
  }

  /** Whose connections speak HTTP over TLS, through a tunnel if `proxy` is not null. */
  tls(proxy: URL | null): HttpAgent {
    if (proxy === null) return this.#tls
    const agent = this.#tunnels.get(proxy.href) ?? new TlsAgent(proxy)
    this.#tunnels.set(proxy.href, agent)
    return agent
  }

  /**
   * Closes the connections that no request uses: where the server has closed one, the others are not to be trusted. Returns
   * how many there were.
   */
  dropIdle(): number {
    const idle = this.#all.flatMap(({ freeSockets }) => Object.values(freeSockets).flat())
    for (const socket of idle) socket?.destroy()
    return idle.length
  }

  close(): void {
    this.#keep()
    for (const agent of this.#all) agent.destroy()
  }

  get #all(): readonly HttpAgent[] {
    return [this.#plain, this.#tls, ...this.#tunnels.values()]
  }
}

class PlainAgent extends HttpAgent {
  override createConnection(options: ClientRequestArgs, callback?: Opened): undefined {
    const open = (to: AddressAndPort) => openWired((onread) => connect({ ...to, onread }))
    hand(() => dial({ ...endOf(options, 80), open }), callback)
  }
}

class TlsAgent extends HttpsAgent {
  readonly #proxy: URL | null

  constructor(proxy: URL | null) {
    super({ keepAlive: true })
    this.#proxy = proxy
  }

  override createConnection(options: ClientRequestArgs, callback?: Opened): undefined {
    const end = endOf(options, 443)
    // The certificate is held against `servername`, or against `host` where that is an address.
    const over = (more: Readonly<Record<string, unknown>>) =>
      super.createConnection({ ...options, ...more }) as Socket
    const opened = (): Promise<Socket> =>
      this.#proxy === null
        ? dial({ ...end, open: (to) => openWired((onread) => over({ ...to, onread })) })
        : openTunnel(this.#proxy, end).then((socket) => over({ socket }))
    hand(opened, callback)
  }
}

function endOf(options: ClientRequestArgs, port: number): Omit<Dialled, 'open'> {
  const { opening } = options as Opening
  return { host: options.host ?? 'localhost', port: Number(options.port ?? port), signal: opening }
}

/** Hands over the connection that `open` opens, if need be in the place of those that no request uses. */
function hand(open: () => Promise<Socket>, callback: Opened | undefined): void {
  const opened = open().catch((error: unknown) => {
    if (shortageOf(error) === null || !releaseSpare('idle')) throw error
    return open()
  })
  opened.then(
    (socket) => callback?.(null, socket),
    // An agent of node:http looks at the socket only where there is no error.
    (error) => (callback as ((error: Error) => void) | undefined)?.(error),
  )
}
