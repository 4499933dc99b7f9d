// A body that ends when the server closes its connection. A reset can look like that end, and is not.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/**
 * RFC 9112 §6.3: without a length and without chunks, the length of a body "is determined by the number of octets
 * received prior to the server closing the connection". `rules/verdict.ts` refuses other transfer codings than chunked.
 */
export function isCloseDelimited({ headers }: IncomingMessage): boolean {
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
}

/**
 * Detects a reset that looks like the end of a connection, with a write at that end. If the system reports that the
 * connection is gone, some versions of libuv report an end after the last bytes and do not read again. The system then
 * keeps the reset for the next call. After a real end this write succeeds. If a reset came after a real end, nothing is
 * lost, and the write fails with EPIPE ({@link isAfterEnd}). `onFailure` is called before the socket is closed.
 *
 * An empty write sends nothing. Node's TLS does not report the result of an empty write, so over TLS an empty line is sent.
 * RFC 9112 §2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at least one empty line (CRLF)
 * received prior to the request-line."
 */
export function probeEnd(socket: Socket, onFailure: (error: Error) => void): void {
  // Before the listener of node:http, which ends its own side.
  socket.prependOnceListener('end', () => {
    socket.write('encrypted' in socket ? '\r\n' : '', (error) => {
      if (error && 'syscall' in error) onFailure(error) // an error of the system, not of Node about a socket that it has closed
    })
  })
}

/** Does the error mean only that the server, which had ended its side, accepts no more bytes? */
export function isAfterEnd(failure: Error | null): boolean {
  return failure !== null && 'code' in failure && failure.code === 'EPIPE'
}
