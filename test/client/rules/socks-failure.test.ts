// What is said about a SOCKS5 proxy that opens no connection.
import t from 'tap'
import { socksFailure } from '#client/rules/socks-failure.js'

const rejected = (reply: string): string => `Socks5 proxy rejected connection - ${reply}`

type Row = readonly [message: string, reason: string, prospect: 'passing' | 'final', isAboutAddress: boolean]

const rows: Row[] = [
  [rejected('Failure'), 'it reports a general failure', 'passing', true],
  [rejected('NotAllowed'), 'it does not allow this connection', 'final', false],
  [rejected('NetworkUnreachable'), 'it cannot reach the network of the server', 'passing', true],
  [rejected('HostUnreachable'), 'it cannot reach the server, or does not know its name', 'passing', true],
  [rejected('ConnectionRefused'), 'the server refused its connection', 'passing', true],
  [rejected('TTLExpired'), 'its way to the server is too long', 'passing', true],
  [rejected('CommandNotSupported'), 'it does not support connections', 'final', false],
  [rejected('AddressNotSupported'), 'it does not support this kind of address', 'final', true],
  [rejected('undefined'), 'it refuses, with a reply that RFC 1928 does not have', 'passing', false],
  ['the host is longer than 255 bytes', 'the host is longer than 255 bytes', 'final', false],
  [
    'Received invalid Socks5 initial handshake (invalid socks version)',
    'it does not speak SOCKS5',
    'final',
    false,
  ],
  ['Socket closed', 'it closed the connection', 'passing', false],
  ['read ECONNRESET', 'read ECONNRESET', 'passing', false],
]

for (const [message, reason, prospect, isAboutAddress] of rows) {
  t.test(`SOCKS5: ${message}`, async (t) => {
    t.strictSame(socksFailure(message, new URL('socks5h://p:1')), { reason, prospect, isAboutAddress })
  })
}

t.test('SOCKS5: whether a user and password were given decides what is said about them', async (t) => {
  for (const message of [
    'Socks5 Authentication failed',
    'Received invalid Socks5 initial handshake (no accepted authentication type)',
    'Received invalid Socks5 initial handshake (unknown authentication type)',
  ]) {
    t.match(socksFailure(message, new URL('socks5h://p:1')), {
      reason: 'it wants a user and password: socks5h://USER:PASSWORD@p:1',
      prospect: 'final',
    })
    for (const login of ['u:p', 'u', ':p'])
      t.match(socksFailure(message, new URL(`socks5://${login}@p:1`)), {
        reason: 'it does not accept the user and password in its URL',
        prospect: 'final',
      })
  }
})
