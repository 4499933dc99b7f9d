import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { S3SourceOptions } from 'fastify-send-range/s3'
import type { Test } from 'tap'

const PROGRAM = fileURLToPath(new URL('./s3-server.js', import.meta.url))

/** A server of the objects of a bucket, in a process of its own. */
export class ServerProcess {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Runs until the test ends. */
  static async start(t: Test, options: S3SourceOptions): Promise<ServerProcess> {
    const child = fork(PROGRAM, [JSON.stringify(options)], { execArgv: ['--expose-gc'] })
    t.teardown(() => child.kill())
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new ServerProcess(child, port)
  }

  /**
   * Bytes of all objects and buffers that something refers to. The resident memory of the process has also what is free
   * again, and not given back to the system.
   */
  memory(): Promise<number> {
    return this.#ask('memory')
  }

  /** Open connections to the store. */
  storeConnections(): Promise<number> {
    return this.#ask('connections')
  }

  async #ask(question: 'memory' | 'connections'): Promise<number> {
    this.#child.send(question)
    const [answer] = (await once(this.#child, 'message')) as [number]
    return answer
  }
}
