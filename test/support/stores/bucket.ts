import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Test } from 'tap'
import { encodedPath, type StoreRequest, signed } from './signed-request.ts'
import type { Store } from './store.ts'

/** A whole answer of a store. */
export interface StoreAnswer {
  readonly status: number
  readonly fields: IncomingMessage['headers']
  readonly body: Buffer
}

/** A bucket of its own for one test, with the requests that a test makes of a store itself. */
export class Bucket {
  readonly store: Store
  readonly name: string
  readonly #agent = new Agent({ keepAlive: true })

  private constructor(store: Store, name: string) {
    this.store = store
    this.name = name
  }

  /** Makes a bucket. The store ends with the run of tests, so its objects are not deleted. */
  static async make(t: Test, store: Store): Promise<Bucket> {
    const bucket = await Bucket.create(store)
    t.teardown(() => bucket.close())
    return bucket
  }

  /** Makes a bucket outside of a test. Close it. */
  static async create(store: Store): Promise<Bucket> {
    const bucket = new Bucket(store, `test-${randomBytes(8).toString('hex')}`)
    await expect(200, await bucket.#send({ method: 'PUT', target: `/${bucket.name}` }))
    return bucket
  }

  /** Closes its connections to the store. */
  close(): void {
    this.#agent.destroy()
  }

  /** The same bucket, as it is reached at another endpoint. */
  through(store: Store): Bucket {
    return new Bucket(store, this.name)
  }

  /** Stores an object, or another version of it. */
  async put(key: string, content: Uint8Array, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.putStream(key, Readable.from([content]), {
      'content-length': String(content.length),
      ...fields,
    })
  }

  /** Stores an object that need not fit into memory. `fields` must have its Content-Length. */
  async putStream(key: string, content: Readable, fields: Readonly<Record<string, string>>): Promise<void> {
    await expect(200, await this.#send({ method: 'PUT', target: this.target(key), fields }, content))
  }

  async delete(key: string): Promise<void> {
    await expect(204, await this.#send({ method: 'DELETE', target: this.target(key) }))
  }

  /** Asks the store itself, whatever it answers. */
  get(key: string, fields: Readonly<Record<string, string>> = {}): Promise<StoreAnswer> {
    return this.#send({ method: 'GET', target: this.target(key), fields })
  }

  /** The path of a key in a request. */
  target(key: string): string {
    return encodedPath(`/${this.name}/${key}`)
  }

  async #send(request: StoreRequest, content = Readable.from([])): Promise<StoreAnswer> {
    const { method, target } = request
    const sent = httpRequest(this.store.endpoint, {
      method,
      path: target,
      headers: signed(this.store, request),
      agent: this.#agent,
    })
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>
    const [, [answer]] = await Promise.all([pipeline(content, sent), answered])
    return { status: Number(answer.statusCode), fields: answer.headers, body: await buffer(answer) }
  }
}

async function expect(status: number, answer: StoreAnswer): Promise<void> {
  if (answer.status !== status) throw new Error(`The store answered ${answer.status}: ${answer.body}`)
}
