import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Socket buffers at both ends take up to this many bytes before the client reads one. */
const SOCKET_BUFFER_BYTES = 10 * 1024 * 1024
/** A client that has read this many bytes counts as keeping up. */
const KEEPING_UP_BYTES = 128 * 1024

/** Bytes of earlier responses on a connection. The next request on it shows that they were read. */
const takenBefore = new WeakMap<Socket, number>()

/**
 * Whether the client reads as fast as bytes are written.
 *
 * @param bytesWritten bytes of this answer that were written
 */
export function isKeepingUp({ socket }: ServerResponse, bytesWritten: number): boolean {
  const before = socket === null ? 0 : (takenBefore.get(socket) ?? 0)
  return before + Math.max(0, bytesWritten - SOCKET_BUFFER_BYTES) >= KEEPING_UP_BYTES
}

/** Notes that an answer was written as a whole. */
export function noteWritten(socket: Socket | null, bytesWritten: number): void {
  if (socket !== null) takenBefore.set(socket, (takenBefore.get(socket) ?? 0) + bytesWritten)
}
