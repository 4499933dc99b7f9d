import { type ClientHttp2Session, connect } from 'node:http2'
import type { Client, ClientEvents, Target } from './client.ts'
import type { Question } from './request-maker.ts'

/** As browsers have it: with less, the client's acknowledgements would limit the server. */
const WINDOW_BYTES = 16 * 1024 ** 2

/** One session of HTTP/2 over TLS, with one stream at a time. */
export class Http2Connection implements Client {
  readonly #session: ClientHttp2Session
  readonly #headers: Target['headers']
  readonly #events: ClientEvents
  #isClosed = false

  private constructor(session: ClientHttp2Session, { headers }: Target, events: ClientEvents) {
    this.#session = session
    this.#headers = headers
    this.#events = events
    session.on('error', (error) => this.#fail(error))
  }

  static connect(target: Target, events: ClientEvents): Promise<Http2Connection> {
    return new Promise((resolve, reject) => {
      const session = connect(`https://127.0.0.1:${target.port}`, {
        // The certificate is the benchmark's own.
        rejectUnauthorized: false,
        settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
      })
      session.once('error', reject)
      session.once('connect', () => {
        session.off('error', reject)
        session.setLocalWindowSize(WINDOW_BYTES)
        resolve(new Http2Connection(session, target, events))
      })
    })
  }

  ask({ path, range, expected }: Question): void {
    const fields = range === undefined ? this.#headers : { ...this.#headers, range }
    const stream = this.#session.request({ ':path': path, ...fields })
    let received = 0
    stream.once('response', (head) => {
      const length = head['content-length']
      if (head[':status'] !== expected.status || Number(length) !== expected.length)
        this.#fail(new Error(`Status ${head[':status']} and length ${length}`))
    })
    stream.on('data', (bytes: Buffer) => {
      if (received === 0 && bytes[0] !== (expected.firstByte ?? bytes[0]))
        this.#fail(new Error('The bytes are not those of the file'))
      received += bytes.length
    })
    stream.once('error', (error) => this.#fail(error))
    stream.once('end', () => {
      if (received !== expected.length) this.#fail(new Error(`${received} bytes came`))
      else if (!this.#isClosed) this.#events.onAnswer(this)
    })
  }

  close(): void {
    this.#isClosed = true
    this.#session.destroy()
  }

  #fail(error: Error): void {
    if (this.#isClosed) return
    this.close()
    this.#events.onFailure(error)
  }
}
