import { createConnection, type Socket } from 'node:net'
import type { Stall } from './protocol.ts'

/** This many clients connect at the same time, because a listening socket's queue is short. */
const BATCH = 100
const READ_BYTES = 64 * 1024

const shared = Buffer.allocUnsafeSlow(READ_BYTES)

/** Clients that have stopped reading and keep their connections open until they are released. */
export class StallRun {
  readonly #sockets: Socket[] = []

  /** Resolves when every client has read as much as it will. */
  static async start(stall: Stall): Promise<StallRun> {
    const run = new StallRun()
    while (run.#sockets.length < stall.connections) {
      const count = Math.min(BATCH, stall.connections - run.#sockets.length)
      await Promise.all(Array.from({ length: count }, () => run.#stallOne(stall)))
    }
    return run
  }

  release(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #stallOne({ port, path, range, readBytes }: Stall): Promise<void> {
    return new Promise((resolve, reject) => {
      const status = range === undefined ? 200 : 206
      let received = 0
      const callback = (count: number, bytes: Uint8Array): boolean => {
        if (received === 0 && !Buffer.from(bytes.buffer, 0, 12).equals(Buffer.from(`HTTP/1.1 ${status}`))) {
          reject(new Error('A stalled client got a wrong answer'))
        }
        received += count
        if (received < readBytes) return true
        resolve()
        return false
      }
      const socket = createConnection({ port, host: '127.0.0.1', onread: { buffer: shared, callback } })
      this.#sockets.push(socket)
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('The server disconnected a stalled client')))
      const rangeLine = range === undefined ? '' : `Range: ${range}\r\n`
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${rangeLine}\r\n`)
    })
  }
}
