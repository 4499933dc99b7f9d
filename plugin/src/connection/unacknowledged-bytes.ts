import { createReadStream } from 'node:fs'
import type { Socket } from 'node:net'
import { endianness } from 'node:os'
import { connectionKey, tcpTableReader } from './tcp-table.ts'

/** What is read of one table at most: some 200,000 connections. One that stands behind is not found. */
const MAX_TABLE_BYTES = 32 * 1024 * 1024

const IS_LINUX = process.platform === 'linux'

/** Finds a connection in the result of `unacknowledgedBytes`; empty where the system does not say or it is no TCP. */
export function keyOf(socket: Partial<Ends>): string {
  const { localAddress, localPort, remoteAddress, remotePort } = socket
  if (!IS_LINUX || localAddress === undefined || localPort === undefined) return ''
  if (remoteAddress === undefined || remotePort === undefined) return ''
  const local = { address: localAddress, port: localPort }
  return connectionKey(local, { address: remoteAddress, port: remotePort }, endianness())
}

/** What a socket of Node's says; nothing for a Unix socket, and for one that is gone. */
type Ends = Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>

/**
 * The bytes that each of these connections has written and its peer has not acknowledged. Those of which the system
 * says nothing are left out: without `/proc`, or where reading it is not allowed, all. Never rejects.
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
    // Nothing is known then, which `found` says already.
  }
}
