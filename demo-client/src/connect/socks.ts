// A connection to a server through a SOCKS5 proxy (RFC 1928). The library `socks` speaks with the proxy. It is loaded with the
// first such connection.
import { isIP, type Socket } from 'node:net'
import { loadModule } from '../files/load-module.ts'
import { isError } from '../is-error.ts'
import { decodePercent } from '../rules/percent-encoding.ts'
import { ProxyError } from '../rules/proxy-error.ts'
import { type SocksFailure, socksFailure } from '../rules/socks-failure.ts'
import { addressesOf, connectToHost } from './happy-eyeballs.ts'

/** The server behind a proxy. */
export interface SocksTarget {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
  /** Ends the attempt. */
  readonly signal: AbortSignal
}

const DEFAULT_PORT = 1080
const MAX_OCTETS = 255
/** The signal ends an attempt earlier. */
const LIBRARY_TIMEOUT_MS = 600_000

/**
 * Connects to a server. With `socks5h` the proxy looks up its name. With `socks5` this machine does, and its addresses are
 * tried one after the other, as far as a failure is about the address.
 * @throws ProxyError if the proxy is not reached or opens no connection
 * @throws the system's error if the name is not known here
 */
export async function openSocks(proxy: URL, { host, port, signal }: SocksTarget): Promise<Socket> {
  const isLookedUp = proxy.protocol === 'socks5:' && isIP(host) === 0
  const hosts = isLookedUp ? (await addressesOf(host, signal)).map(({ address }) => address) : [host]
  for (let at = 0; ; at++) {
    try {
      return await openTo(proxy, { host: hosts[at] ?? host, port, signal })
    } catch (error) {
      const failure = error instanceof Rejection ? error.failure : null
      if (failure?.isAboutAddress === true && at + 1 < hosts.length) continue
      // A proxy that stays silent is named too.
      if (signal.aborted) throw isError(signal.reason) ? new ProxyError(proxy, signal.reason) : signal.reason
      if (failure !== null) throw new ProxyError(proxy, new Error(failure.reason), failure.prospect)
      throw isError(error) ? new ProxyError(proxy, error) : error
    }
  }
}

/**
 * RFC 1928 §5 and RFC 1929 §2: the length of a name, a user and a password is one octet. The library does not check it, and
 * would throw where nobody can catch it.
 */
function assertShort(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values))
    if (Buffer.byteLength(value) > MAX_OCTETS) throw new Error(`${name} is longer than ${MAX_OCTETS} bytes`)
}

/** The proxy was reached, and opens no connection. */
class Rejection extends Error {
  readonly failure: SocksFailure

  constructor(failure: SocksFailure) {
    super(failure.reason)
    this.failure = failure
  }
}

async function openTo(proxy: URL, { host, port, signal }: SocksTarget): Promise<Socket> {
  const at = { host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || DEFAULT_PORT) }
  const { SocksClient } = await loadModule(() => import('socks'))
  const socket = await connectToHost({ ...at, signal })
  const abort = (): void => void socket.destroy()
  signal.addEventListener('abort', abort)
  try {
    const user = decodePercent(proxy.username)
    const password = decodePercent(proxy.password)
    const login = user === '' && password === '' ? {} : { userId: user, password }
    assertShort({ 'the user in its URL': user, 'the password in its URL': password, 'the host': host })
    await SocksClient.createConnection({
      proxy: { ...at, type: 5, ...login },
      command: 'connect',
      destination: { host, port },
      existing_socket: socket,
      timeout: LIBRARY_TIMEOUT_MS,
    })
    // The library starts the socket in the next turn. Only then may TLS take it over.
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    return socket
  } catch (error) {
    socket.on('error', () => undefined)
    socket.destroy()
    signal.throwIfAborted()
    throw new Rejection(socksFailure(isError(error) ? error.message : String(error), proxy))
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
