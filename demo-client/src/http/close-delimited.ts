// A body that ends when the server closes its connection. A reset can look like that end, and is not.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * RFC 9112 §6.3: without a length and without chunks, the length of a body "is determined by the number of octets
 * received prior to the server closing the connection". Other transfer codings than chunked are refused elsewhere.
 */
export function isCloseDelimited({ headers }: IncomingMessage): boolean {
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
}

/**
 * Finds a reset that was taken for the end, by a write when the end is here. Some versions of libuv say "end" after the
 * last bytes when the system has said that the connection is gone, and do not read on: the system then keeps the reset
 * for the next call. After a true end this write succeeds; where the reset came behind it, and nothing was lost, it
 * fails with EPIPE ({@link isAfterEnd}). `onFailure` is called before the socket is closed.
 *
 * A write of nothing sends nothing. Node's TLS does not report how that ends, so that one gets an empty line. RFC 9112
 * §2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at least one empty line (CRLF)
 * received prior to the request-line."
 */
export function probeEnd(socket: Socket, onFailure: (error: Error) => void): void {
  // Before node:http, which ends its own side then.
  socket.prependOnceListener('end', () => {
    socket.write(socket instanceof TLSSocket ? '\r\n' : '', (error) => {
      if (error && 'syscall' in error) onFailure(error) // said by the system, not by Node of a socket it has closed
    })
  })
}

/** Says the failure of a connection only that the server, which had ended its side, takes no more? */
export function isAfterEnd(failure: Error | null): boolean {
  return failure !== null && 'code' in failure && failure.code === 'EPIPE'
}
