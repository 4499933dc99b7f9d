// A Writable of Node.js as an output.
import { DownloadError } from '../errors.ts'
import { assertMethods, type OrderedOutput } from './ordered-output.ts'

type Listener = (error?: unknown) => void
type Event = 'error' | 'close' | 'finish'

/** What is needed of a Writable of Node.js. */
export interface NodeWritable {
  /** Can it be written to? */
  readonly writable: boolean
  /** Takes bytes, and calls back when it has taken them. */
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): boolean
  /** No more bytes follow. */
  end(): unknown
  /** What was written is not the whole. */
  destroy(error?: Error): unknown
  /** Adds a listener. */
  on(event: Event, listener: Listener): unknown
  /** Removes a listener. */
  off(event: Event, listener: Listener): unknown
}

/** Descriptors of the standard streams, which belong to the process. */
const STANDARD: readonly unknown[] = [0, 1, 2]

/** Ends the stream when all is written and verified, and destroys it otherwise. A standard stream stays open. */
export class NodeOutput implements OrderedOutput {
  readonly name = 'the stream'
  readonly #stream: NodeWritable
  readonly #isStandard: boolean
  readonly #listeners = new Map<Event, Listener>()
  #failure: { readonly error: unknown } | null = null
  /** Ends the current wait for the stream: a destroyed stream does not call back. */
  #reject: Listener = () => undefined

  constructor(stream: NodeWritable) {
    assertMethods(stream, ['write', 'end', 'destroy', 'on', 'off'])
    this.#stream = stream
    this.#isStandard = STANDARD.includes(Reflect.get(stream, 'fd'))
    if (!stream.writable) throw new DownloadError('ERR_DOWNLOAD_USAGE', 'the stream has ended already')
  }

  open(onFailure: (error: unknown) => void): void {
    const fail: Listener = (error) => {
      this.#failure ??= { error }
      this.#reject(this.#failure.error)
      onFailure(this.#failure.error)
    }
    this.#listen('error', fail)
    this.#listen('close', () => fail(new Error('it was closed before all was written')))
  }

  write(bytes: Buffer): Promise<void> {
    // A copy, because a stream may keep what it gets.
    return this.#settled((done) => this.#stream.write(Buffer.from(bytes), done))
  }

  async end(): Promise<void> {
    if (!this.#isStandard)
      await this.#settled((done) => {
        this.#listen('finish', () => {
          this.#forget() // a stream that has ended closes itself
          done()
        })
        this.#stream.end()
      })
    this.#forget()
  }

  fail(error: unknown): void {
    this.#forget()
    if (this.#isStandard) return
    this.#listen('error', () => undefined) // it must not end the process
    this.#stream.destroy(error instanceof Error ? error : new Error(String(error)))
  }

  #settled(act: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      if (this.#failure !== null) reject(this.#failure.error)
      else act((error) => (error === null || error === undefined ? resolve() : reject(error)))
    })
  }

  #listen(event: Event, listener: Listener): void {
    this.#listeners.set(event, listener)
    this.#stream.on(event, listener)
  }

  #forget(): void {
    for (const [event, listener] of this.#listeners) this.#stream.off(event, listener)
    this.#listeners.clear()
  }
}
