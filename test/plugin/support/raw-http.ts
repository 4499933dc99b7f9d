import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One response as it stood on the wire. */
export interface RawResponse {
  readonly status: number
  readonly reason: string
  /** Every field line in order, names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** The only value of a field; undefined when it is absent. Throws when there are several lines. */
export function field(response: RawResponse, name: string): string | undefined {
  const lines = response.fields.filter(([key]) => key === name)
  if (lines.length > 1) throw new Error(`several ${name} lines: ${JSON.stringify(lines)}`)
  return lines[0]?.[1]
}

/** The names of all fields, sorted, each once. Throws when a field came twice: none here may. */
export function fieldNames(response: RawResponse): string[] {
  const names = response.fields.map(([name]) => name).sort()
  const twice = names.find((name, index) => names[index + 1] === name)
  if (twice !== undefined) throw new Error(`field ${twice} came twice`)
  return names
}

/** A request to be written as it is: lines may repeat, values may be anything. */
export interface RawRequest {
  readonly method?: string
  readonly target: string
  readonly version?: '1.0' | '1.1'
  readonly fields?: readonly (readonly [name: string, value: string])[]
  readonly body?: string
}

/** The bytes of a request, each character one byte. */
export function requestBytes({
  method = 'GET',
  target,
  version = '1.1',
  fields = [],
  body,
}: RawRequest): Buffer {
  const length = body === undefined ? [] : [['content-length', String(body.length)] as const]
  const lines = [['host', 'test.invalid'] as const, ...fields, ...length].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return Buffer.from(`${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n${body ?? ''}`, 'latin1')
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/
const FIELD_LINE =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[\t ]*$/
const CHUNK_LINE = /^([0-9a-f]+)$/i

/**
 * A connection that writes exactly the bytes it is given and reads responses by the letter of RFC 9112: what does
 * not parse throws, and bytes behind a message stay where the next message must begin.
 */
export class RawConnection {
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #ended = false
  #error: Error | undefined
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  /** Whether the server has closed the connection. */
  get ended(): boolean {
    return this.#ended
  }

  write(...requests: readonly RawRequest[]): void {
    this.socket.write(Buffer.concat(requests.map(requestBytes)))
  }

  /** Reads one final response; `method` is that of the request it answers, since HEAD has no body. */
  async read(method = 'GET'): Promise<RawResponse> {
    const head = (await this.#until('\r\n\r\n')).toString('latin1')
    const [statusLine = '', ...lines] = head.slice(0, -4).split('\r\n')
    const status = STATUS_LINE.exec(statusLine)
    if (status === null) throw new Error(`no status line: ${JSON.stringify(statusLine)}`)
    const fields = lines.map((line) => {
      const match = FIELD_LINE.exec(line)
      if (match === null) throw new Error(`no field line: ${JSON.stringify(line)}`)
      return [String(match[1]).toLowerCase(), String(match[2])] as const
    })
    const response = { status: Number(status[1]), reason: String(status[2]), fields, body: Buffer.alloc(0) }
    if (response.status < 200) return this.read(method)
    return { ...response, body: await this.#body(method, response) }
  }

  /** Everything until the server closes. */
  async rest(): Promise<Buffer> {
    while (!this.#ended) await this.#more()
    return this.#received
  }

  close(): void {
    this.socket.destroy()
  }

  /** RFC 9112 §6.3. */
  async #body(method: string, response: RawResponse): Promise<Buffer> {
    if (method === 'HEAD' || response.status === 204 || response.status === 304) return Buffer.alloc(0)
    const encoding = field(response, 'transfer-encoding')
    const length = field(response, 'content-length')
    if (encoding !== undefined && length !== undefined)
      throw new Error('both Transfer-Encoding and Content-Length')
    if (encoding !== undefined) return this.#chunks(encoding)
    if (length === undefined) return this.rest()
    if (!/^\d+$/.test(length)) throw new Error(`no Content-Length: ${length}`)
    return this.#take(Number(length))
  }

  async #chunks(encoding: string): Promise<Buffer> {
    if (encoding !== 'chunked') throw new Error(`no known Transfer-Encoding: ${encoding}`)
    const chunks: Buffer[] = []
    for (;;) {
      const line = (await this.#until('\r\n')).toString('latin1').slice(0, -2)
      const size = CHUNK_LINE.exec(line)
      if (size === null) throw new Error(`no chunk: ${JSON.stringify(line)}`)
      const length = Number.parseInt(String(size[1]), 16)
      chunks.push(await this.#take(length))
      if ((await this.#take(2)).toString() !== '\r\n') throw new Error('a chunk does not end in CRLF')
      if (length === 0) return Buffer.concat(chunks)
    }
  }

  async #until(delimiter: string): Promise<Buffer> {
    for (;;) {
      const at = this.#received.indexOf(delimiter)
      if (at !== -1) return this.#take(at + delimiter.length)
      await this.#more()
    }
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#received.length < length) await this.#more()
    const taken = this.#received.subarray(0, length)
    this.#received = this.#received.subarray(length)
    return taken
  }

  async #more(): Promise<void> {
    if (this.#ended) {
      const rest = this.#received.toString('latin1').slice(0, 200)
      throw new Error(
        `the connection ended with ${this.#received.length} bytes left: ${JSON.stringify(rest)}`,
        {
          cause: this.#error,
        },
      )
    }
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}
