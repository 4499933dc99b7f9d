import { Readable } from 'node:stream'

/** What is common to the two ways of writing a body. */
export abstract class Body extends Readable {
  /** Bytes of the body that were handed to the operating system, or to whatever reads this stream. */
  abstract get bytesSent(): number
}
