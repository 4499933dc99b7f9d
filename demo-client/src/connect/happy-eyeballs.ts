// A TCP connection to a host, by whichever of its addresses answers first.
import dns, { type LookupAddress } from 'node:dns'
import { connect, isIP, type Socket } from 'node:net'
import { shortOfDescriptors } from '../files/descriptors.ts'

/** Where to connect to. */
export interface Dialled {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
  /** Ends the search and every attempt; what {@link dial} then throws is its reason. */
  readonly signal: AbortSignal
  /** Opens a connection to one address. Default: `net.connect`. */
  readonly open?: (to: AddressAndPort) => Socket
}

/** One address of a host. */
export interface AddressAndPort {
  readonly host: string
  readonly port: number
  readonly family: number
  /** Sends small pieces at once. */
  readonly noDelay: true
  /** Keeps a connection that is paused known to what lies between. */
  readonly keepAlive: true
  /** In ms. */
  readonly keepAliveInitialDelay: number
}

/**
 * How long one address is tried alone before the next one is tried beside it, in ms. RFC 8305 §5 recommends 250 and
 * wants no less than 100; curl takes 200.
 */
const HEAD_START = 200

/**
 * Connects. The addresses are tried as RFC 8305 ("Happy Eyeballs") says: the families in turn, the next one when the
 * one before has failed or had its head start, and none is given up before another is connected. `net.connect` by
 * itself gives each up after a time, and so never reaches a host that is far away and has a dead address.
 * @throws the failure of the first address, where all have failed
 */
export async function dial({ host, port, signal, open = connect }: Dialled): Promise<Socket> {
  const addresses = isIP(host) > 0 ? [{ address: host, family: isIP(host) }] : await lookUp(host, signal)
  signal.throwIfAborted()
  return new Race(inTurn(addresses), signal, ({ address, family }) =>
    open({ host: address, port, family, noDelay: true, keepAlive: true, keepAliveInitialDelay: 1000 }),
  ).winner
}

function lookUp(host: string, signal: AbortSignal): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    dns.lookup(host, { all: true }, (error, addresses) => {
      signal.removeEventListener('abort', abort)
      if (error !== null) reject(shortOfDescriptors() ?? error)
      else if (addresses.length === 0) reject(new Error(`no address of ${host} is known`))
      else resolve(addresses)
    })
  })
}

/** RFC 8305 §4: "the client SHOULD modify the ordered list to interleave address families". */
function inTurn(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses[0]?.family
  const [preferred, others] = [
    addresses.filter(({ family }) => family === first),
    addresses.filter(({ family }) => family !== first),
  ]
  return Array.from({ length: Math.max(preferred.length, others.length) }, (_, place) =>
    [preferred[place], others[place]].filter((address) => address !== undefined),
  ).flat()
}

/** Attempts side by side, of which the first that is connected wins. */
class Race {
  readonly winner: Promise<Socket>
  readonly #waiting: LookupAddress[]
  readonly #signal: AbortSignal
  readonly #open: (address: LookupAddress) => Socket
  readonly #running = new Set<Socket>()
  readonly #failures = new Map<LookupAddress, Error>()
  #headStart: NodeJS.Timeout | undefined
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
    clearTimeout(this.#headStart)
    const address = this.#waiting.shift()
    if (address === undefined) {
      if (this.#running.size > 0) return
      this.#end(null)
      // Of the first address, not of the one that failed first: it is the one that the resolver prefers.
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
    this.#headStart = setTimeout(() => this.#next(), HEAD_START)
  }

  #end(winner: Socket | null): void {
    clearTimeout(this.#headStart)
    this.#signal.removeEventListener('abort', this.#abort)
    const losers = [...this.#running].filter((socket) => socket !== winner)
    this.#running.clear()
    for (const socket of losers) socket.destroy()
  }
}
