// A connection of node:http on which the body of an answer can go past the parser, straight to where the bytes belong.
import type { IncomingMessage } from 'node:http'
import type { OnReadOpts, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Gets the bytes of one body. */
export interface BodySink {
  /** The buffer for the next bytes. Nothing else may write there until `receive` is called. */
  nextBuffer(): Buffer
  /** Receives bytes, in that buffer or in another one. */
  receive(bytes: Buffer): void
  /** The last byte has been received. */
  end(): void
}

/** What one read brings at most while node:http reads. It is what node:http would read by itself. */
const PARSER_READ_BYTES = 64 * 1024

/**
 * Decides where the bytes of one connection go: to the parser of node:http, which reads every head, or to a sink. The
 * parser copies each 64 KiB of a body twice. A sink gets them in its own buffers, in chunks as large as they come, for two
 * thirds of the CPU time.
 */
export class ParserBypass {
  /** The buffer for the next bytes while the parser gets them. Null if the parser has kept the last one. */
  #buffer: Buffer | null = null
  #socket: Socket | null = null
  #sink: BodySink | null = null
  /** How many bytes of the body are still to come. */
  #missingBytes = 0

  /** Option of `net.connect` and `tls.connect`. */
  get onread(): OnReadOpts {
    return {
      buffer: () => {
        if (this.#sink !== null) return this.#sink.nextBuffer()
        this.#buffer ??= Buffer.allocUnsafeSlow(PARSER_READ_BYTES)
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
   * Sends the remaining bytes of a body of `length` bytes past the parser. The parser is then out of step, so no other answer
   * can be read from this connection. Starts paused. `message` reports everything that the sink does not learn: that the
   * connection broke off, or was destroyed. Destroy `message` at the end.
   */
  divert(message: IncomingMessage, length: number, sink: BodySink): void {
    this.#missingBytes = length
    this.#sink = sink
    // The position in the body is known only when everything that was read has been parsed.
    const socket = this.#socket
    while (socket !== null && socket.readableLength > 0 && socket.read() !== null);
    for (let bytes: Buffer | null = message.read(); bytes !== null; bytes = message.read())
      this.#deliver(bytes)
    this.pause() // reading has started the connection
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

  /** The parser may keep what it gets. So a small chunk is copied, and for a large chunk the parser gets the buffer itself. */
  #parse(bytes: Buffer): boolean {
    const isLarge = bytes.length > PARSER_READ_BYTES / 2
    if (isLarge) this.#buffer = null
    return this.#socket?.push(isLarge ? bytes : Buffer.from(bytes)) ?? false
  }

  /** Bytes after the end of the body belong to no answer, and are dropped. */
  #deliver(bytes: Buffer): void {
    if (this.#missingBytes === 0) return
    const ofBody = bytes.length > this.#missingBytes ? bytes.subarray(0, this.#missingBytes) : bytes
    this.#missingBytes -= ofBody.length
    this.#sink?.receive(ofBody)
    if (this.#missingBytes === 0) this.#sink?.end()
  }
}

const bypasses = new WeakMap<Duplex, ParserBypass>()

/** Opens a connection that has a {@link ParserBypass}. `open` passes `onread` to `net.connect` or `tls.connect`. */
export function openWithBypass<S extends Socket>(open: (onread: OnReadOpts) => S): S {
  const bypass = new ParserBypass()
  const socket = open(bypass.onread)
  bypass.attach(socket)
  bypasses.set(socket, bypass)
  return socket
}

/** The bypass of a connection, or null if it has none. */
export function bypassOf(socket: Duplex): ParserBypass | null {
  return bypasses.get(socket) ?? null
}
