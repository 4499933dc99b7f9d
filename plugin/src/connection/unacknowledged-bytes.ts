import { createReadStream } from 'node:fs'
import type { Socket } from 'node:net'
import { endianness } from 'node:os'
import { connectionKey, tcpTableReader } from './tcp-table.ts'

/** Bytes of one table that are read at most: some 200,000 connections. Later ones are not found. */
const MAX_TABLE_BYTES = 32 * 1024 * 1024

const IS_LINUX = process.platform === 'linux'

/**
 * The key of a connection in the result of {@link unacknowledgedBytes}; empty if the system has no such table, or the
 * connection is not TCP.
 */
export function keyOf(socket: Partial<Ends>): string {
  const { localAddress, localPort, remoteAddress, remotePort } = socket
  if (!IS_LINUX || localAddress === undefined || localPort === undefined) return ''
  if (remoteAddress === undefined || remotePort === undefined) return ''
  const local = { address: localAddress, port: localPort }
  return connectionKey(local, { address: remoteAddress, port: remotePort }, endianness())
}

/** The addresses of a socket; undefined for a Unix socket and for one that is closed. */
type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>

/**
 * The bytes that each of these connections has written and its peer has not acknowledged. Connections that the system
 * does not report are left out: all of them, without `/proc` or the right to read it. Never rejects.
 */
export async function unacknowledgedBytes(keys: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  // An IPv6 socket has 32 digits for each address. Those of IPv4 clients of a dual-stack server are IPv6 sockets too.
  const short = new Set([...keys].filter((key) => key.indexOf(':') === 8))
  const long = new Set([...keys].filter((key) => key.indexOf(':') === 32))
  if (short.size > 0) await readTable('/proc/self/net/tcp', short, found)
  if (long.size > 0) await readTable('/proc/self/net/tcp6', long, found)
  return found
}

async function readTable(
  path: string,
  wanted: ReadonlySet<string>,
  found: Map<string, number>,
): Promise<void> {
  const read = tcpTableReader(wanted, found)
  try {
    for await (const piece of createReadStream(path, { encoding: 'latin1', end: MAX_TABLE_BYTES })) {
      read(String(piece))
    }
  } catch {
    // Nothing is known then, and `found` stays as it is.
  }
}
