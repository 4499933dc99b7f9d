import { connect, type Socket } from 'node:net'

/** What becomes of one answer on its way. */
export interface Fault {
  /** After this many bytes from the store, head included. */
  readonly after: number
  /** The connection is reset, or nothing more comes. */
  readonly how: 'reset' | 'stall'
}

/** Where a connection leads, and what is asked over it. */
export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  /** Called with the heads of requests that have come, without the empty lines at their ends. */
  readonly onRequests: (heads: readonly string[]) => Fault | undefined
  readonly onClosed: () => void
}

const HEAD_END = '\r\n\r\n'

/** One connection of a client to a store, through `StoreProxy`. Bytes pass as they are. */
export class StoreConnection {
  readonly #client: Socket
  readonly #upstream: Socket
  #head = ''
  #fault: Fault | undefined
  #passed = 0
  #isStalled = false

  constructor(client: Socket, { host, port, onRequests, onClosed }: ConnectionOptions) {
    this.#client = client
    this.#upstream = connect({ host, port, noDelay: true })
    client.on('data', (chunk: Buffer) => {
      const heads = this.#headsIn(chunk)
      if (heads.length === 0) return
      this.#fault = onRequests(heads)
      this.#passed = 0
    })
    client.pipe(this.#upstream)
    this.#upstream.on('data', (chunk: Buffer) => this.#pass(chunk))
    // No client of HTTP closes one half of its connection: it is gone.
    client.on('end', () => this.destroy())
    this.#upstream.on('end', () => client.end())
    client.on('drain', () => {
      if (!this.#isStalled) this.#upstream.resume()
    })
    for (const socket of [client, this.#upstream]) socket.on('error', () => this.destroy())
    this.#upstream.on('close', () => client.end())
    client.on('close', () => {
      this.destroy()
      onClosed()
    })
  }

  /** Ends the connection as a crash does. */
  reset(): void {
    this.#client.resetAndDestroy()
  }

  destroy(): void {
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #pass(chunk: Buffer): void {
    const left = this.#fault === undefined ? Number.POSITIVE_INFINITY : this.#fault.after - this.#passed
    this.#passed += chunk.length
    if (left >= chunk.length) {
      if (!this.#client.write(chunk)) this.#upstream.pause()
      return
    }
    this.#upstream.pause()
    this.#isStalled = true
    this.#client.write(chunk.subarray(0, left), () => {
      if (this.#fault?.how === 'reset') this.reset()
    })
  }

  #headsIn(chunk: Buffer): readonly string[] {
    const parts = (this.#head + chunk.toString('latin1')).split(HEAD_END)
    this.#head = parts.pop() ?? ''
    return parts
  }
}
