// What the messages of the library `socks` mean. Pure.

/** Why a SOCKS5 proxy opens no connection. */
export interface SocksFailure {
  /** As the end of a sentence that begins with the name of the proxy and a colon. */
  readonly reason: string
  /** May a retry succeed? */
  readonly prospect: 'passing' | 'final'
  /** Is it about the address of the server? Another address of the host may then be reached. */
  readonly isAboutAddress: boolean
}

/** RFC 1928 §6, by the names that the library has for the replies. */
const REPLIES: Readonly<Record<string, SocksFailure>> = {
  Failure: aboutAddress('it reports a general failure'),
  NotAllowed: { reason: 'it does not allow this connection', prospect: 'final', isAboutAddress: false },
  NetworkUnreachable: aboutAddress('it cannot reach the network of the server'),
  HostUnreachable: aboutAddress('it cannot reach the server, or does not know its name'),
  ConnectionRefused: aboutAddress('the server refused its connection'),
  TTLExpired: aboutAddress('its way to the server is too long'),
  CommandNotSupported: {
    reason: 'it does not support connections',
    prospect: 'final',
    isAboutAddress: false,
  },
  AddressNotSupported: { ...aboutAddress('it does not support this kind of address'), prospect: 'final' },
}

function aboutAddress(reason: string): SocksFailure {
  return { reason, prospect: 'passing', isAboutAddress: true }
}

/** The failure that `message` reports, of a proxy with this URL. */
export function socksFailure(message: string, proxy: URL): SocksFailure {
  const reply = REPLIES[/rejected connection - (\w+)/.exec(message)?.[1] ?? '']
  return reply ?? { ...withoutReply(message, proxy), isAboutAddress: false }
}

function withoutReply(message: string, proxy: URL): Omit<SocksFailure, 'isAboutAddress'> {
  const isGiven = proxy.username !== '' || proxy.password !== ''
  if (/authentication failed|no accepted authentication|unknown authentication/i.test(message)) {
    const reason = isGiven
      ? 'it does not accept the user and password in its URL'
      : `it wants a user and password: ${proxy.protocol}//USER:PASSWORD@${proxy.host}`
    return { reason, prospect: 'final' }
  }
  if (/invalid/i.test(message)) return { reason: 'it does not speak SOCKS5', prospect: 'final' }
  if (/ is longer than /.test(message)) return { reason: message, prospect: 'final' }
  if (/rejected connection/.test(message))
    return { reason: 'it refuses, with a reply that RFC 1928 does not have', prospect: 'passing' }
  if (message === 'Socket closed') return { reason: 'it closed the connection', prospect: 'passing' }
  return { reason: message, prospect: 'passing' }
}
