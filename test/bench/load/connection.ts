import { createConnection, type Socket } from 'node:net'

/** What an answer must be. */
export interface Expected {
  readonly status: number
  /** Bytes of content. */
  readonly length: number
  /** The first byte of the content; undefined: not looked at. */
  readonly firstByte: number | undefined
}

/** Told by a {@link Connection}. */
export interface ConnectionEvents {
  onAnswer(connection: Connection): void
  onFailure(error: Error): void
}

const END_OF_HEAD = '\r\n\r\n'
const NOT_MODIFIED = 304
const READ_BYTES = 256 * 1024
const EMPTY = Buffer.alloc(0)

// Every socket reads into the same memory: the content is counted and let go at once.
const shared = Buffer.allocUnsafeSlow(READ_BYTES)

/** One keep-alive connection that asks for one thing at a time and checks each answer, at little cost. */
export class Connection {
  readonly #socket: Socket
  readonly #events: ConnectionEvents
  #expected: Expected | undefined
  /** What has come of a head that is not complete. */
  #head: Buffer = EMPTY
  /** Bytes of content still to come; undefined while the head is read. */
  #missing: number | undefined

  private constructor(port: number, events: ConnectionEvents) {
    this.#events = events
    const callback = (count: number, bytes: Uint8Array): boolean => {
      this.#receive(Buffer.from(bytes.buffer, bytes.byteOffset, count))
      return true
    }
    this.#socket = createConnection({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: shared, callback },
    })
  }

  static connect(port: number, events: ConnectionEvents): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(port, events)
      connection.#socket.once('error', reject)
      connection.#socket.once('connect', () => {
        connection.#socket.off('error', reject)
        connection.#socket.on('error', (error) => events.onFailure(error))
        connection.#socket.on('close', () => {
          if (connection.#expected !== undefined) events.onFailure(new Error('The server closed mid-answer'))
        })
        resolve(connection)
      })
    })
  }

  /** @param request the whole head, with the empty line at its end */
  ask(request: string, expected: Expected): void {
    this.#expected = expected
    this.#socket.write(request, 'latin1')
  }

  close(): void {
    this.#expected = undefined
    this.#socket.destroy()
  }

  #receive(bytes: Buffer): void {
    try {
      const content = this.#missing === undefined ? this.#takeHead(bytes) : bytes
      if (content !== undefined) this.#takeContent(content)
    } catch (error) {
      this.close()
      this.#events.onFailure(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Returns what follows the head; undefined when it is not complete yet. */
  #takeHead(bytes: Buffer): Buffer | undefined {
    const expected = this.#expected
    if (expected === undefined) throw new Error('Bytes came that nobody asked for')
    const joined = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
    const end = joined.indexOf(END_OF_HEAD)
    if (end === -1) {
      // The memory is shared: what has to be kept is copied.
      this.#head = Buffer.from(joined)
      return undefined
    }
    checkHead(joined.toString('latin1', 0, end + 2), expected)
    this.#head = EMPTY
    this.#missing = expected.length
    return joined.subarray(end + END_OF_HEAD.length)
  }

  #takeContent(bytes: Buffer): void {
    const expected = this.#expected
    const missing = this.#missing ?? 0
    if (bytes.length > missing) throw new Error('More bytes than announced')
    if (bytes.length > 0 && missing === expected?.length && bytes[0] !== (expected.firstByte ?? bytes[0])) {
      throw new Error('Other bytes than the file has')
    }
    this.#missing = missing - bytes.length
    if (this.#missing > 0) return
    this.#missing = undefined
    this.#expected = undefined
    this.#events.onAnswer(this)
  }
}

function checkHead(head: string, { status, length }: Expected): void {
  const found = Number(head.slice(9, 12))
  if (found !== status) throw new Error(`Status ${found} instead of ${status}`)
  if (status === NOT_MODIFIED) return
  const field = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)
  if (Number(field?.[1]) !== length) throw new Error(`Length ${field?.[1]} instead of ${length}`)
}
