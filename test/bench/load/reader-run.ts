import { createConnection, type Socket } from 'node:net'
import type { Readers, ReadersResult } from './protocol.ts'

/** Small enough that a slow reader reads some times in each second. */
const SLOW_READ_BYTES = 16 * 1024
const FAST_READ_BYTES = 256 * 1024
const TICK_MS = 50
const MS_PER_SECOND = 1000

/** Clients that read a file again and again, each as fast as it can or at a rate, until they are stopped. */
export class ReaderRun {
  readonly #readers: Readers
  readonly #sockets: Socket[] = []
  #bytes = 0
  #countedFrom = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(readers: Readers) {
    this.#readers = readers
  }

  /** Resolves when every client has got its first bytes. */
  static async start(readers: Readers): Promise<ReaderRun> {
    const run = new ReaderRun(readers)
    const paced: (() => void)[] = []
    const count = readers.connections
    await Promise.all(Array.from({ length: count }, () => run.#read(paced)))
    run.#timer = setInterval(() => {
      for (const resume of paced) resume()
    }, TICK_MS)
    run.count()
    return run
  }

  /** Begins to count the bytes. */
  count(): void {
    this.#bytes = 0
    this.#countedFrom = performance.now()
  }

  /** Disconnects them, and returns what they have read since {@link count}. */
  stop(): ReadersResult {
    const result = { bytes: this.#bytes, wallMs: performance.now() - this.#countedFrom }
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
    return result
  }

  #read(paced: (() => void)[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const { port, path, bytesPerSecond = Number.POSITIVE_INFINITY } = this.#readers
      const isFast = bytesPerSecond === Number.POSITIVE_INFINITY
      const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`
      const begun = performance.now()
      let received = 0
      let askedAt = 0
      const mayRead = (): boolean =>
        isFast || received <= ((performance.now() - begun) / MS_PER_SECOND) * bytesPerSecond
      const callback = (count: number): boolean => {
        if (received === 0) resolve()
        received += count
        this.#bytes += count
        // The whole file has come, with its head: the next one is asked for.
        if (received - askedAt >= this.#readers.bytes) {
          askedAt = received
          socket.write(request)
        }
        return mayRead()
      }
      const buffer = Buffer.allocUnsafeSlow(isFast ? FAST_READ_BYTES : SLOW_READ_BYTES)
      const socket = createConnection({ port, host: '127.0.0.1', onread: { buffer, callback } })
      this.#sockets.push(socket)
      socket.on('error', reject)
      socket.write(request)
      if (!isFast) paced.push(() => void (mayRead() && socket.resume()))
    })
  }
}
