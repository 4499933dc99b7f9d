import type { Duplex } from 'node:stream'
import { type Ask, rangeField } from './ask.ts'
import { Expectation, type Head } from './expectation.ts'
import type { Tally } from './tally.ts'

/** Requests that are under way on one connection. */
const PIPELINED = 6
const PAUSE_MS = 4
/** A slow client pauses after each of this many chunks. */
const CHUNKS_BETWEEN_PAUSES = 8
const MAX_HEAD = 4096
/** A connection on which nothing arrives for this many ms is counted as cut. */
const SILENCE_MS = 20_000

/** What a run on one connection needs. */
export interface WireRun {
  readonly count: number
  readonly nextAsk: () => Ask
  readonly tally: Tally
  readonly pace: 'fast' | 'slow'
  /** `refill`: one more request for each answer. `batch`: several in one write, then none before all are answered. */
  readonly pipelining: 'refill' | 'batch'
}

/** Sends pipelined HTTP/1.1 requests and compares each answer. Resolves when the connection can no longer be used. */
export function runOnWire(socket: Duplex, run: WireRun): Promise<void> {
  const client = new WireClient(socket, run)
  return client.ended
}

class WireClient {
  readonly #socket: Duplex
  readonly #run: WireRun
  readonly #asked: Ask[] = []
  readonly ended: Promise<void>
  #held: Buffer = Buffer.alloc(0)
  #body: Expectation | undefined
  #sent = 0
  #chunks = 0

  constructor(socket: Duplex, run: WireRun) {
    this.#socket = socket
    this.#run = run
    this.ended = new Promise((resolve) => {
      const silence = setTimeout(() => socket.destroy(), SILENCE_MS)
      socket.on('error', () => {})
      socket.once('close', () => {
        clearTimeout(silence)
        this.#close()
        resolve()
      })
      socket.on('data', (chunk: Buffer) => {
        silence.refresh()
        this.#receive(chunk)
      })
      socket.once('end', () => socket.destroy())
    })
    this.#send()
  }

  #send(): void {
    if (this.#run.pipelining === 'refill' || this.#asked.length === 0) {
      let requests = ''
      while (this.#asked.length < PIPELINED && this.#sent < this.#run.count) requests += this.#next()
      if (requests !== '') this.#socket.write(requests)
    }
    if (this.#asked.length === 0) this.#socket.destroy()
  }

  #next(): string {
    const ask = this.#run.nextAsk()
    const range = rangeField(ask)
    const line = range === undefined ? '' : `Range: ${range}\r\n`
    this.#asked.push(ask)
    this.#sent++
    return `GET /${ask.file} HTTP/1.1\r\nHost: localhost\r\n${line}\r\n`
  }

  #receive(chunk: Buffer): void {
    this.#run.tally.bytes += chunk.length
    try {
      this.#compare(chunk)
    } catch (error) {
      this.#run.tally.addWrong(error)
      this.#asked.length = 0
      this.#socket.destroy()
      return
    }
    if (this.#run.pace === 'slow' && ++this.#chunks % CHUNKS_BETWEEN_PAUSES === 0) {
      this.#socket.pause()
      setTimeout(() => this.#socket.resume(), PAUSE_MS)
    }
    this.#send()
  }

  #compare(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    while (rest.length > 0) {
      if (this.#body === undefined) {
        const end = rest.indexOf('\r\n\r\n')
        if (end === -1 && rest.length < MAX_HEAD) {
          this.#held = rest
          return
        }
        const [ask] = this.#asked
        if (ask === undefined) throw new Error('an answer without a request')
        this.#body = new Expectation(ask, parseHead(rest.toString('latin1', 0, end)))
        rest = rest.subarray(end + 4)
      }
      const bytes = rest.subarray(0, this.#body.left)
      this.#body.take(bytes)
      rest = rest.subarray(bytes.length)
      if (this.#body.left === 0) {
        this.#body = undefined
        this.#asked.shift()
        this.#run.tally.answers++
      }
    }
  }

  #close(): void {
    if (this.#asked.length > 0) this.#run.tally.cut++
  }
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(statusLine)?.[1]
  if (status === undefined) throw new Error(`no status line: ${JSON.stringify(statusLine.slice(0, 40))}`)
  const fields = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+): *([\x20-\x7e]*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error('no field line')
    fields.set(name.toLowerCase(), value)
  }
  return { status: Number(status), fields }
}
