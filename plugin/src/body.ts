import { Readable } from 'node:stream'

/** What is common to the two ways of writing a body. */
export abstract class Body extends Readable {
  /** Bytes of the body that were handed to the operating system, or to whatever reads this stream. */
  abstract get bytesSent(): number

  /** Whoever destroys a body without an error has no use for it any more: no failure that Fastify should report. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (error === null) this.push(null)
    callback(error)
  }
}
