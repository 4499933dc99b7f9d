import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** The head of an HTTP/1.1 answer; field names in lower case, the last line of a name wins. */
export interface Head {
  readonly status: number
  readonly fields: ReadonlyMap<string, string>
}

/** A whole answer, or what came of it before the connection was cut. */
export interface Answer extends Head {
  readonly body: Buffer
  readonly complete: boolean
}

const HEAD_END = '\r\n\r\n'

/** An HTTP/1.1 client that reads a byte only when it is asked to: bytes that it has not read stay with the server. */
export class RawClient {
  readonly socket: Socket
  readonly #chunks: AsyncIterator<Buffer>
  #pending: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    // The reader learns from the iterator that the connection was cut.
    socket.on('error', () => {})
    this.#chunks = socket.iterator({ destroyOnReturn: false })
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Over TLS. The names in the server's certificate are not checked. */
  static async connectSecurely(port: number): Promise<RawClient> {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    return new RawClient(socket)
  }

  /** Sends a request; `lines` are header lines without line ends. */
  request(method: string, target: string, lines: readonly string[] = []): void {
    this.socket.write([`${method} ${target} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n'))
  }

  async readHead(): Promise<Head> {
    let end = this.#pending.indexOf(HEAD_END)
    while (end === -1) {
      if (!(await this.#pull())) throw new Error('The connection was cut before a head came')
      end = this.#pending.indexOf(HEAD_END)
    }
    const [statusLine = '', ...lines] = this.#pending.toString('latin1', 0, end).split('\r\n')
    this.#pending = this.#pending.subarray(end + HEAD_END.length)
    const fields = new Map<string, string>()
    for (const line of lines) {
      const colon = line.indexOf(':')
      fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
    }
    const [version, status] = statusLine.split(' ')
    if (version !== 'HTTP/1.1') throw new Error(`This is no status line: ${statusLine}`)
    return { status: Number(status), fields }
  }

  /** Reads `count` bytes; fewer when the connection ends before. */
  async readBytes(count: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let missing = count
    while (missing > 0) {
      if (this.#pending.length === 0 && !(await this.#pull())) break
      const part = this.#pending.subarray(0, missing)
      this.#pending = this.#pending.subarray(part.length)
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }

  /** Reads one answer with a Content-Length. */
  async readAnswer(method: string): Promise<Answer> {
    const head = await this.readHead()
    const bodiless = method === 'HEAD' || head.status === 304
    const length = bodiless ? 0 : Number(head.fields.get('content-length'))
    const body = await this.readBytes(length)
    return { ...head, body, complete: body.length === length }
  }

  async exchange(method: string, target: string, lines: readonly string[] = []): Promise<Answer> {
    this.request(method, target, lines)
    return this.readAnswer(method)
  }

  /** Settles when the server has ended or cut the connection; reads away whatever still comes. */
  async drain(): Promise<number> {
    let count = this.#pending.length
    this.#pending = Buffer.alloc(0)
    while (await this.#pull()) {
      count += this.#pending.length
      this.#pending = Buffer.alloc(0)
    }
    return count
  }

  destroy(): void {
    this.socket.destroy()
  }

  async #pull(): Promise<boolean> {
    try {
      const { done, value } = await this.#chunks.next()
      if (done === true) return false
      this.#pending = this.#pending.length === 0 ? value : Buffer.concat([this.#pending, value])
      return true
    } catch {
      return false
    }
  }
}
