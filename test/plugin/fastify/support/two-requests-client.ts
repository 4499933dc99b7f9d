import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { NEXT } from './hooked.ts'

/** What a client sees of an answer. */
export interface Seen {
  /** Undefined if no byte came. */
  readonly status: number | undefined
  /** Fields by names in lower case, with one value for each line. */
  readonly fields: Readonly<Record<string, readonly string[]>>
  readonly body: Buffer
  /** Whether the client takes it for complete. */
  readonly isWhole: boolean
}

/** A request for one answer. */
export interface Asked {
  readonly method?: string
  readonly path: string
  readonly fields?: Readonly<Record<string, string>>
}

/** How a client reads an answer of HTTP/1.1 and the next one on its connection. */
export interface SeenTwo extends Seen {
  /** `other`: bytes that are not the next answer come in its place. */
  readonly next: 'still here' | 'nothing' | 'other'
}

/** Requests an answer and the next one on one connection, and reads both strictly by RFC 9112 §6.3. */
export function askTwo(port: number, { method = 'GET', path, fields = {} }: Asked): Promise<SeenTwo> {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`)
  socket.write('GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  return new Promise((resolve) => socket.on('close', () => resolve(parse(Buffer.concat(chunks), method))))
}

const NOTHING = { status: undefined, fields: {}, body: Buffer.alloc(0), isWhole: false } as const

function parse(all: Buffer, method: string): SeenTwo {
  const head = headOf(all)
  if (head === undefined) return { ...NOTHING, next: all.length === 0 ? 'nothing' : 'other' }
  const { status, fields, rest } = head
  const hasBody = method !== 'HEAD' && status !== 304 && status !== 204
  const taken = hasBody ? bodyOf(fields, rest) : { body: Buffer.alloc(0), isWhole: true, after: rest }
  const { body, isWhole, after } = taken
  const isNext = headOf(after)?.rest.toString() === NEXT
  const next = isNext ? 'still here' : after.length === 0 ? 'nothing' : 'other'
  return { status, fields, body, isWhole, next }
}

function headOf(all: Buffer) {
  const end = all.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = all.toString('latin1', 0, Math.max(end, 0)).split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]
  if (status === undefined) return undefined
  const fields: Record<string, string[]> = {}
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? []
    fields[name.toLowerCase()] = [...(fields[name.toLowerCase()] ?? []), value]
  }
  return { status: Number(status), fields, rest: all.subarray(end + 4) }
}

function bodyOf(fields: Record<string, string[]>, rest: Buffer) {
  if (fields['transfer-encoding'] !== undefined) return chunksOf(rest)
  const length = Number(fields['content-length'])
  const body = rest.subarray(0, length)
  return { body, isWhole: body.length === length, after: rest.subarray(body.length) }
}

function chunksOf(rest: Buffer) {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.toString('latin1', at, line), 16)
    const end = line + 2 + size
    if (line === -1 || Number.isNaN(size) || rest.toString('latin1', end, end + 2) !== '\r\n')
      return { body: Buffer.concat(parts), isWhole: false, after: rest.subarray(rest.length) }
    if (size === 0) return { body: Buffer.concat(parts), isWhole: true, after: rest.subarray(end + 2) }
    parts.push(rest.subarray(line + 2, end))
    at = end + 2
  }
}

/** Asks over HTTP/2. */
export function askHttp2(port: number, { method = 'GET', path, fields = {} }: Asked): Promise<Seen> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  const stream = session.request({ ':method': method, ':path': path, ...fields })
  const chunks: Buffer[] = []
  let head: Record<string, unknown> = {}
  let hasEnded = false
  stream.on('response', (fields) => {
    head = fields
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('end', () => {
    hasEnded = true
  })
  stream.on('error', () => {})
  return new Promise((resolve) => {
    stream.on('close', () => {
      session.destroy()
      const { ':status': status, ...fields } = head
      const lines = Object.entries(fields).map(([name, value]) => [name, [value].flat().map(String)])
      resolve({
        status: status === undefined ? undefined : Number(status),
        fields: Object.fromEntries(lines),
        body: Buffer.concat(chunks),
        isWhole: hasEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR,
      })
    })
  })
}
