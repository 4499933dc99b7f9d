import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'

export { distinctBytes } from '../../support/distinct-bytes.ts'

/** An object that an {@link Origin} has. */
export interface Stored {
  readonly bytes: Buffer
  readonly etag?: string
  readonly lastModified?: string
  /** More fields of its answers. */
  readonly fields?: Readonly<Record<string, string>>
}

/** A request that an {@link Origin} has got. */
export interface Got {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  /** 1 for the first one. */
  readonly number: number
}

/** Answers a request in place of the origin; false: the origin answers. */
export type Answer = (got: Got, response: ServerResponse) => boolean | undefined

/** Another HTTP server: right ranges and conditions, and whatever a test has it do wrong. */
export class Origin {
  readonly objects = new Map<string, Stored>()
  readonly got: Got[] = []
  readonly sockets = new Set<Socket>()
  /** All that were ever made. */
  connections = 0
  /** Requests that are being answered now, and the most at a time. */
  answering = 0
  most = 0
  answer: Answer = () => false
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response))
    this.#server.on('connection', (socket: Socket) => {
      this.connections++
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.sockets.delete(socket))
    })
  }

  static async start(t: Test, answer?: Answer): Promise<Origin> {
    const origin = new Origin()
    if (answer !== undefined) origin.answer = answer
    await new Promise<void>((resolve) => origin.#server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      origin.#server.closeAllConnections()
      origin.#server.close()
    })
    return origin
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The Range fields of the requests, in order. */
  get ranges(): (string | undefined)[] {
    return this.got.map(({ headers }) => headers.range)
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request
    const got = { method, url, headers, number: this.got.push({ method, url, headers, number: 0 }) }
    this.got[got.number - 1] = got
    response.on('error', () => {})
    this.most = Math.max(this.most, ++this.answering)
    response.once('close', () => this.answering--)
    if (this.answer(got, response) !== true) this.serveObject(got, response)
  }

  /** The right answer. */
  serveObject({ url, headers }: Pick<Got, 'url' | 'headers'>, response: ServerResponse): void {
    const object = this.objects.get(decodeURIComponent(url.split('?')[0] ?? ''))
    if (object === undefined) {
      response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
      return
    }
    const { bytes, etag, lastModified, fields } = object
    response.setHeader('accept-ranges', 'bytes')
    if (etag !== undefined) response.setHeader('etag', etag)
    if (lastModified !== undefined) response.setHeader('last-modified', lastModified)
    for (const [name, value] of Object.entries(fields ?? {})) response.setHeader(name, value)
    const since = headers['if-unmodified-since']
    if ((headers['if-match'] ?? etag) !== etag || (since ?? lastModified) !== lastModified) {
      response.writeHead(412).end()
      return
    }
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    if (from === undefined || to === undefined) {
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
      return
    }
    const [first, last] = [Number(from), Math.min(Number(to), bytes.length - 1)]
    if (first >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
      return
    }
    const part = bytes.subarray(first, last + 1)
    response.writeHead(206, {
      'content-range': `bytes ${first}-${last}/${bytes.length}`,
      'content-length': part.length,
    })
    response.end(part)
  }
}

/** A date that identifies a version. */
export const LONG_AGO = 'Sun, 06 Nov 1994 08:49:37 GMT'
