import { createConnection, type Socket } from 'node:net'
import { connect } from 'node:tls'
import type { Client, ClientEvents, Target } from './client.ts'
import type { Question } from './request-maker.ts'

/** The expected answer. */
export interface Expected {
  readonly status: number
  /** Bytes of content. */
  readonly length: number
  /** The first byte of the content. Undefined means that it is not checked. */
  readonly firstByte: number | undefined
}

const END_OF_HEAD = '\r\n\r\n'
const NOT_MODIFIED = 304
const READ_BYTES = 256 * 1024
const EMPTY = Buffer.alloc(0)

// All sockets without TLS read into the same memory. The content is counted and not kept.
const shared = Buffer.allocUnsafeSlow(READ_BYTES)

/** One keep-alive connection of HTTP/1.1. */
export class Connection implements Client {
  readonly #socket: Socket
  readonly #events: ClientEvents
  /** The fields of each request. */
  readonly #fields: string
  #expected: Expected | undefined
  /** The received part of an incomplete head. */
  #head: Buffer = EMPTY
  /** Bytes of content that are still missing, or undefined while the head is read. */
  #missing: number | undefined

  private constructor(target: Target, events: ClientEvents) {
    this.#events = events
    const fields = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#fields = `Host: 127.0.0.1\r\n${fields.join('')}`
    this.#socket = openSocket(target, (bytes) => this.#receive(bytes))
  }

  static connect(target: Target, events: ClientEvents): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(target, events)
      connection.#socket.once('error', reject)
      connection.#socket.once(target.transport === 'https' ? 'secureConnect' : 'connect', () => {
        connection.#socket.off('error', reject)
        connection.#socket.on('error', (error) => events.onFailure(error))
        connection.#socket.on('close', () => {
          if (connection.#expected !== undefined)
            events.onFailure(new Error('The server closed the connection during an answer'))
        })
        resolve(connection)
      })
    })
  }

  ask({ path, range, expected }: Question): void {
    this.#expected = expected
    const rangeLine = range === undefined ? '' : `Range: ${range}\r\n`
    this.#socket.write(`GET ${path} HTTP/1.1\r\n${this.#fields}${rangeLine}\r\n`, 'latin1')
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

  /** Returns the bytes after the head, or undefined if the head is not complete yet. */
  #takeHead(bytes: Buffer): Buffer | undefined {
    const expected = this.#expected
    if (expected === undefined) throw new Error('Bytes came without a request')
    const joined = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
    const end = joined.indexOf(END_OF_HEAD)
    if (end === -1) {
      // The memory is shared, so bytes that are kept must be copied.
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
    if (bytes.length > missing) throw new Error('More bytes than the Content-Length')
    if (bytes.length > 0 && missing === expected?.length && bytes[0] !== (expected.firstByte ?? bytes[0])) {
      throw new Error('The bytes are not those of the file')
    }
    this.#missing = missing - bytes.length
    if (this.#missing > 0) return
    this.#missing = undefined
    this.#expected = undefined
    this.#events.onAnswer(this)
  }
}

function openSocket({ port, transport }: Target, onBytes: (bytes: Buffer) => void): Socket {
  const to = { port, host: '127.0.0.1' }
  if (transport !== 'https') {
    const callback = (count: number, bytes: Uint8Array): boolean => {
      onBytes(Buffer.from(bytes.buffer, bytes.byteOffset, count))
      return true
    }
    return createConnection({ ...to, noDelay: true, onread: { buffer: shared, callback } })
  }
  // The certificate is the benchmark's own.
  const socket = connect({ ...to, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  return socket.setNoDelay().on('data', (bytes: Buffer) => onBytes(bytes))
}

function checkHead(head: string, { status, length }: Expected): void {
  const found = Number(head.slice(9, 12))
  if (found !== status) throw new Error(`Status ${found} instead of ${status}`)
  if (status === NOT_MODIFIED) return
  const field = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)
  if (Number(field?.[1]) !== length) throw new Error(`Length ${field?.[1]} instead of ${length}`)
}
