// A TCP connection to a host, over the address that answers first (RFC 8305).
import type { LookupAddress } from 'node:dns'
import { connect, isIP, type Socket } from 'node:net'
import { shortOfDescriptors } from '../files/descriptors.ts'

/** Where and how to connect. */
export interface HostOptions {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
  /** Ends the look-up and every attempt. {@link connectToHost} then throws its reason. */
  readonly signal: AbortSignal
  /** Opens a connection to one address. Default: `net.connect`. */
  readonly open?: (to: AddressAndPort) => Socket
}

/** One address of a host. */
export interface AddressAndPort {
  readonly host: string
  readonly port: number
  readonly family: number
  /** Small chunks are sent at once. */
  readonly noDelay: true
  /** Firewalls and NATs on the way do not forget a connection that is paused. */
  readonly keepAlive: true
  /** In ms. The name is that of `net.connect`. */
  readonly keepAliveInitialDelay: number
}

/**
 * The Connection Attempt Delay: how long one address is tried before the next one is tried in parallel. RFC 8305 §5
 * recommends 250 ms and requires at least 100 ms. curl uses 200 ms.
 */
const ATTEMPT_DELAY_MS = 200
/** Idle time after which the system sends keep-alive probes. */
const KEEP_ALIVE_DELAY_MS = 1000

/**
 * Connects to a host. The addresses are tried as RFC 8305 ("Happy Eyeballs") says: the families take turns, the next
 * address is tried when the previous one has failed or after a delay, and no attempt is ended before another one has
 * connected. `net.connect` ends each attempt after a fixed time, so it never reaches a distant host that also has a dead
 * address.
 * @throws the failure of the first address if all have failed
 */
export async function connectToHost({ host, port, signal, open = connect }: HostOptions): Promise<Socket> {
  const addresses = isIP(host) > 0 ? [{ address: host, family: isIP(host) }] : await addressesOf(host, signal)
  signal.throwIfAborted()
  return new ConnectionRace(interleaved(addresses), signal, ({ address, family }) =>
    open({
      host: address,
      port,
      family,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    }),
  ).winner
}

/** The addresses of a name, as the system looks them up. @throws the system's error, or the signal's reason */
export function addressesOf(host: string, signal: AbortSignal): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    // An address needs no resolver.
    process.getBuiltinModule('node:dns').lookup(host, { all: true }, (error, addresses) => {
      signal.removeEventListener('abort', abort)
      if (error !== null) reject(shortOfDescriptors() ?? error)
      else if (addresses.length === 0) reject(new Error(`no address of ${host} is known`))
      else resolve(addresses)
    })
  })
}

/** RFC 8305 §4: "the client SHOULD modify the ordered list to interleave address families". */
function interleaved(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses[0]?.family
  const [preferred, others] = [
    addresses.filter(({ family }) => family === first),
    addresses.filter(({ family }) => family !== first),
  ]
  return Array.from({ length: Math.max(preferred.length, others.length) }, (_, index) =>
    [preferred[index], others[index]].filter((address) => address !== undefined),
  ).flat()
}

/** Parallel attempts. The first one that connects wins. */
class ConnectionRace {
  readonly winner: Promise<Socket>
  readonly #waiting: LookupAddress[]
  readonly #signal: AbortSignal
  readonly #open: (address: LookupAddress) => Socket
  readonly #running = new Set<Socket>()
  readonly #failures = new Map<LookupAddress, Error>()
  #nextAttempt: NodeJS.Timeout | undefined
  #resolve: (socket: Socket) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor(
    addresses: readonly LookupAddress[],
    signal: AbortSignal,
    open: (address: LookupAddress) => Socket,
  ) {
    this.#waiting = [...addresses]
    this.#signal = signal
    this.#open = open
    this.winner = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    signal.addEventListener('abort', this.#abort)
    this.#next()
  }

  readonly #abort = (): void => {
    this.#end(null)
    this.#reject(this.#signal.reason)
  }

  #next(): void {
    clearTimeout(this.#nextAttempt)
    const address = this.#waiting.shift()
    if (address === undefined) {
      if (this.#running.size > 0) return
      this.#end(null)
      // The failure of the first address, because the resolver prefers it, and not the failure that came first.
      this.#reject(this.#failures.values().next().value)
      return
    }
    this.#failures.set(address, new Error('not connected'))
    const socket = this.#open(address)
    this.#running.add(socket)
    socket.on('error', (error) => {
      if (!this.#running.delete(socket)) return
      this.#failures.set(address, error)
      this.#next()
    })
    socket.once('connect', () => {
      if (!this.#running.has(socket)) return
      this.#end(socket)
      this.#resolve(socket)
    })
    this.#nextAttempt = setTimeout(() => this.#next(), ATTEMPT_DELAY_MS)
  }

  #end(winner: Socket | null): void {
    clearTimeout(this.#nextAttempt)
    this.#signal.removeEventListener('abort', this.#abort)
    const losers = [...this.#running].filter((socket) => socket !== winner)
    this.#running.clear()
    for (const socket of losers) socket.destroy()
  }
}
