import { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

const { write, end } = ServerResponse.prototype

/** The methods through which the bytes of a response reach the system. */
const SOCKET_METHODS = ['write', 'end', '_write', '_writev', '_writeGeneric'] as const
type SocketMethods = { readonly [Name in (typeof SOCKET_METHODS)[number]]?: unknown }
const native: SocketMethods = { ...pick(Socket.prototype as SocketMethods) }
const nativeTls: SocketMethods = { ...pick(TLSSocket.prototype as SocketMethods) }

function pick(methods: SocketMethods): SocketMethods {
  return Object.fromEntries(SOCKET_METHODS.map((name) => [name, methods[name]]))
}

/**
 * Whether the bytes of a response go to a socket of the system through Node's own methods, as they were when this
 * module was loaded. A wrapper, a connection over another kind of stream, HTTP/2 and `inject` may keep or delay bytes
 * after they have reported them as written.
 */
export function isNativeResponse(destination: NodeJS.WritableStream): destination is ServerResponse {
  if (!(destination instanceof ServerResponse)) return false
  return destination.write === write && destination.end === end && hasNativeSocket(destination)
}

/** Whether the connection of a response is a socket of the system, with Node's own methods. */
export function hasNativeSocket({ socket }: ServerResponse): boolean {
  if (socket === null) return false
  const prototype: unknown = Object.getPrototypeOf(socket)
  if (prototype === Socket.prototype) return hasMethods(socket as SocketMethods, native)
  return prototype === TLSSocket.prototype && hasMethods(socket as SocketMethods, nativeTls)
}

function hasMethods(socket: SocketMethods, expected: SocketMethods): boolean {
  // Written out, not in a loop over the names: each answer asks this several times.
  return (
    socket.write === expected.write &&
    socket.end === expected.end &&
    socket._write === expected._write &&
    socket._writev === expected._writev &&
    socket._writeGeneric === expected._writeGeneric
  )
}

/**
 * Watches whether bytes have reached the system, below all wrappers.
 *
 * @returns a function that returns whether at least this many bytes were handed to the system since, and none is queued
 */
export function watchSystemWrites({ socket }: ServerResponse): (byteCount: number) => boolean {
  if (socket === null) return () => false
  const before = socket.bytesWritten
  return (byteCount) => socket.writableLength === 0 && socket.bytesWritten - before >= byteCount
}

/**
 * Notices bytes that are written into the socket of a response, but not by our calls: through a method of its
 * prototype, or on the socket itself. Stops watching once a write of ours has not reached the socket at once. Something
 * below then delays writes, and bytes that reach the socket later may be ours.
 */
export class SocketWatch {
  readonly #response: ServerResponse
  /** Bytes written to the socket before our write, and after it; undefined if that is not known. */
  #before: number | undefined
  #expected: number | undefined
  #isGivenUp = false

  private constructor(response: ServerResponse) {
    this.#response = response
  }

  /** Undefined if wrappers may delay writes. */
  static of(destination: NodeJS.WritableStream): SocketWatch | undefined {
    return isNativeResponse(destination) ? new SocketWatch(destination) : undefined
  }

  /** Whether nothing was written since {@link note}. Call this before each write. */
  isUntouched(): boolean {
    const { socket } = this.#response
    this.#before = socket?.bytesWritten
    if (socket === null || socket.destroyed || this.#expected === undefined) return true
    return this.#before === this.#expected
  }

  /**
   * Counts all bytes so far as ours. A body in the chunked coding may be delayed, and is not watched.
   *
   * @param byteCount bytes of the body that were written since {@link isUntouched}
   */
  note(byteCount: number): void {
    const { socket } = this.#response
    this.#expected = undefined
    if (this.#isGivenUp || socket === null || !this.#response.hasHeader('content-length')) return
    const written = socket.bytesWritten
    if (this.#before !== undefined && written - this.#before >= byteCount) this.#expected = written
    else this.#isGivenUp = true
  }
}
