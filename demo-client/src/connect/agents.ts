// The connections of requests. They are opened directly or through a proxy, and kept for the next request.
import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { registerSpare, releaseSpare } from '../files/descriptors.ts'
import { lazy } from '../lazy.ts'
import { shortageOf } from '../system-shortage.ts'
import { type AddressAndPort, connectToHost, type HostOptions } from './happy-eyeballs.ts'
import { openWithBypass } from './parser-bypass.ts'
import type { Party, Trust } from './trust.ts'
import { openTunnel } from './tunnel.ts'

/** The options of a request that its agent gets. */
export interface AgentOptions extends ClientRequestArgs {
  /** Ends the opening of a connection. An agent of node:http keeps waiting for it after the request is destroyed. */
  readonly connectSignal: AbortSignal
}

type ConnectCallback = (error: Error | null, socket: Duplex) => void

/** Keeps the connections of one download. Close it. */
export class Agents {
  readonly #trust: Trust
  readonly #plain = new PlainAgent({ keepAlive: true })
  /** By the URL of the proxy. */
  readonly #tunnels = new Map<string, PlainTunnelAgent>()
  /** By the other side, and the URL of the proxy. */
  readonly #tls = new Map<string, HttpAgent>()
  readonly #unregister = registerSpare('idle', () => this.dropIdle() > 0)

  constructor(trust: Trust) {
    this.#trust = trust
  }

  /** The agent for HTTP without TLS, through a tunnel if `proxy` is not null. */
  plain(proxy: URL | null): HttpAgent {
    if (proxy === null) return this.#plain
    const agent = this.#tunnels.get(proxy.href) ?? new PlainTunnelAgent(this.#trust, proxy)
    this.#tunnels.set(proxy.href, agent)
    return agent
  }

  /**
   * The agent for HTTP over TLS, through a tunnel if `proxy` is not null.
   * @throws DownloadError as {@link Trust.options}
   */
  tls(party: Party, proxy: URL | null): HttpAgent {
    const name = `${party} ${proxy?.href ?? ''}`
    const agent = this.#tls.get(name) ?? new (tlsAgent())(this.#trust, party, proxy)
    this.#tls.set(name, agent)
    return agent
  }

  /**
   * Closes the connections that no request uses. If the server has closed one of them, it may have closed the others, too.
   * Returns how many there were.
   */
  dropIdle(): number {
    const idle = this.#all.flatMap(({ freeSockets }) => Object.values(freeSockets).flat())
    for (const socket of idle) socket?.destroy()
    return idle.length
  }

  close(): void {
    this.#unregister()
    for (const agent of this.#all) agent.destroy()
  }

  get #all(): readonly HttpAgent[] {
    return [this.#plain, ...this.#tunnels.values(), ...this.#tls.values()]
  }
}

/** Connections that wait for a next request, of all hosts of one agent together. A list may have thousands of hosts. */
const MOST_IDLE = 256

/** Closes the one that has waited longest, if there are that many. */
function makeRoom({ freeSockets }: HttpAgent): void {
  const idle = Object.values(freeSockets).flatMap((sockets) => sockets ?? [])
  const open = idle.filter(({ destroyed }) => !destroyed)
  if (open.length >= MOST_IDLE) open[0]?.destroy()
}

/** Its types do not say so, but an agent of node:http returns whether it keeps a connection. */
function isKept(answer: unknown): boolean {
  return answer === true
}

class PlainAgent extends HttpAgent {
  override keepSocketAlive(socket: Duplex): boolean {
    makeRoom(this)
    return isKept(super.keepSocketAlive(socket))
  }

  override createConnection(options: ClientRequestArgs, callback?: ConnectCallback): undefined {
    const open = (to: AddressAndPort) => openWithBypass((onread) => connect({ ...to, onread }))
    openFor(callback, () => connectToHost({ ...hostOf(options, 80), open }))
  }
}

class PlainTunnelAgent extends HttpAgent {
  readonly #trust: Trust
  readonly #proxy: URL

  constructor(trust: Trust, proxy: URL) {
    super({ keepAlive: true })
    this.#trust = trust
    this.#proxy = proxy
  }

  override keepSocketAlive(socket: Duplex): boolean {
    makeRoom(this)
    return isKept(super.keepSocketAlive(socket))
  }

  override createConnection(options: ClientRequestArgs, callback?: ConnectCallback): undefined {
    openFor(callback, () => openTunnel(this.#proxy, { ...hostOf(options, 80), trust: this.#trust }))
  }
}

/** A class over that of node:https, which is loaded when it is needed first: a download without TLS starts earlier. */
const tlsAgent = lazy(
  () =>
    class extends process.getBuiltinModule('node:https').Agent {
      readonly #trust: Trust
      readonly #proxy: URL | null

      constructor(trust: Trust, party: Party, proxy: URL | null) {
        super({ keepAlive: true, ...trust.options(party) })
        this.#trust = trust
        this.#proxy = proxy
      }

      override keepSocketAlive(socket: Duplex): boolean {
        makeRoom(this)
        return isKept(super.keepSocketAlive(socket))
      }

      override createConnection(options: ClientRequestArgs, callback?: ConnectCallback): undefined {
        const host = hostOf(options, 443)
        // The certificate is checked for `servername`, or for `host` if that is an address.
        const startTls = (more: Readonly<Record<string, unknown>>) =>
          super.createConnection({ ...options, ...more }) as Socket
        const open = (): Promise<Socket> =>
          this.#proxy === null
            ? connectToHost({
                ...host,
                open: (to) => openWithBypass((onread) => startTls({ ...to, onread })),
              })
            : openTunnel(this.#proxy, { ...host, trust: this.#trust }).then((socket) => startTls({ socket }))
        openFor(callback, open)
      }
    },
)

function hostOf(options: ClientRequestArgs, defaultPort: number): Omit<HostOptions, 'open'> {
  const { connectSignal } = options as AgentOptions
  return {
    host: options.host ?? 'localhost',
    port: Number(options.port ?? defaultPort),
    signal: connectSignal,
  }
}

/** Opens a connection for `callback`. If no descriptor is left, the connections that no request uses are closed first. */
function openFor(callback: ConnectCallback | undefined, open: () => Promise<Socket>): void {
  const opened = open().catch((error: unknown) => {
    if (shortageOf(error) === null || !releaseSpare('idle')) throw error
    return open()
  })
  opened.then(
    (socket) => callback?.(null, socket),
    // An agent of node:http uses the socket only if there is no error.
    (error) => (callback as ((error: Error) => void) | undefined)?.(error),
  )
}
