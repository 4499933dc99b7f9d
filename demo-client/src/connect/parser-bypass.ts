// A connection of node:http. The body of an answer can be led past it, straight to where the bytes belong.
import type { IncomingMessage } from 'node:http'
import type { OnReadOpts, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Takes what comes from a connection. */
export interface Sink {
  /** Where the next bytes are put. Nothing else may write there until `take` is called. */
  room(): Buffer
  /** Takes bytes, not always from the room. */
  take(bytes: Buffer): void
  /** The last byte has been taken. */
  end(): void
}

/** What one read brings at most while node:http reads, in bytes: what it would take by itself. */
const READ_SIZE = 64 * 1024

/**
 * Where the bytes of one connection go: to the parser of node:http, which so reads every head, or to a sink. The
 * parser makes two copies of each 64 KiB of a body; a sink gets them where it wants them, in as large pieces as there
 * are, at two thirds of the CPU time.
 */
export class Wire {
  /** Where the next bytes are put while the parser gets them; null: it has got this one for good. */
  #buffer: Buffer | null = null
  #socket: Socket | null = null
  #sink: Sink | null = null
  /** Bytes of the body still to come. */
  #missing = 0

  /** Option of `net.connect` and `tls.connect`. */
  get onread(): OnReadOpts {
    return {
      buffer: () => {
        if (this.#sink !== null) return this.#sink.room()
        this.#buffer ??= Buffer.allocUnsafeSlow(READ_SIZE)
        return this.#buffer
      },
      callback: (count, buffer) => this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, count)),
    }
  }

  /** Called once, with the socket that was made with {@link onread}. */
  attach(socket: Socket): void {
    this.#socket = socket
  }

  /**
   * Leads the rest of a body of `length` bytes past the parser, which is then out of step: no other answer can be
   * read from this connection. Starts paused. Whatever is not told to the sink is told by `body`, as ever: that
   * the connection broke off, or was given up. Destroy it at the end.
   */
  divert(body: IncomingMessage, length: number, sink: Sink): void {
    this.#missing = length
    this.#sink = sink
    // Where in the body the connection stands is known only when all that was read has been parsed.
    const socket = this.#socket
    while (socket !== null && socket.readableLength > 0 && socket.read() !== null);
    for (let bytes: Buffer | null = body.read(); bytes !== null; bytes = body.read()) this.#deliver(bytes)
    this.pause() // reading has set the connection going
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  #read(bytes: Buffer): boolean {
    if (this.#sink === null) return this.#parse(bytes)
    this.#deliver(bytes)
    return true // pause() is how to stop it
  }

  /** The parser may keep what it is given: little is copied, of much it gets the buffer. */
  #parse(bytes: Buffer): boolean {
    const isMuch = bytes.length > READ_SIZE / 2
    if (isMuch) this.#buffer = null
    return this.#socket?.push(isMuch ? bytes : Buffer.from(bytes)) ?? false
  }

  /** What comes after the end belongs to no answer. */
  #deliver(bytes: Buffer): void {
    if (this.#missing === 0) return
    const useful = bytes.length > this.#missing ? bytes.subarray(0, this.#missing) : bytes
    this.#missing -= useful.length
    this.#sink?.take(useful)
    if (this.#missing === 0) this.#sink?.end()
  }
}

const wires = new WeakMap<Duplex, Wire>()

/** Opens a connection that has a {@link Wire}; `open` passes `onread` to `net.connect` or `tls.connect`. */
export function openWired<S extends Socket>(open: (onread: OnReadOpts) => S): S {
  const wire = new Wire()
  const socket = open(wire.onread)
  wire.attach(socket)
  wires.set(socket, wire)
  return socket
}

/** The wire of a connection, or null where it has none. */
export function wireOf(socket: Duplex): Wire | null {
  return wires.get(socket) ?? null
}
