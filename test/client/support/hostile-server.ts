import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A request as it came over the socket. */
export interface RawRequest {
  /** Its place among all requests to this server, from 0. */
  index: number
  path: string
  /** By lower-case name. */
  headers: ReadonlyMap<string, string>
  /** The Range asked for, `end` inclusive and null where open; null without Range. */
  range: { start: number; end: number | null } | null
}

/** Answers a request by writing whatever it likes to the socket. */
export type Script = (request: RawRequest, socket: Socket) => void | Promise<void>

/** A server that does what its script says. */
export interface HostileServer {
  /** Its origin. */
  url: string
  requests: RawRequest[]
  /** Connections that were opened. */
  connections: number
  /** The most connections that were open at once. */
  mostConnections: number
  stop(): Promise<void>
}

/** Starts a server on 127.0.0.1, `port` 0 for a free one. */
export async function startHostile(script: Script, port = 0): Promise<HostileServer> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    hostile.connections++
    hostile.mostConnections = Math.max(hostile.mostConnections, sockets.size)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = parse(text.slice(0, end), hostile.requests.length)
        text = text.slice(end + 4)
        hostile.requests.push(request)
        void Promise.resolve(script(request, socket)).catch(() => socket.destroy())
      }
    })
  })
  const hostile: HostileServer = {
    url: '',
    requests: [],
    connections: 0,
    mostConnections: 0,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  hostile.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return hostile
}

function parse(text: string, index: number): RawRequest {
  const [line = '', ...fields] = text.split('\r\n')
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    }),
  )
  const match = /^bytes=(\d+)-(\d*)$/.exec(headers.get('range') ?? '')
  const range = match === null ? null : { start: Number(match[1]), end: match[2] ? Number(match[2]) : null }
  return { index, path: line.split(' ')[1] ?? '', headers, range }
}

/** Writes, and waits until the other side has room for more, or is gone. */
export async function send(socket: Socket, bytes: Buffer | string): Promise<void> {
  if (socket.write(bytes) || socket.destroyed) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

/** An answer's head. */
export function head(status: string, fields: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`
}

/** What an honest server knows of its file. */
export interface Resource {
  content: Buffer
  /** Validators and whatever else goes with every answer. */
  fields: Readonly<Record<string, string>>
}

/** Content in which each line begins with its offset, so that a shifted or mixed file is noticed. */
export function makeContent(size: number, label = 'version A'): Buffer {
  const line = (offset: number): string => `${label} ${String(offset).padStart(12, '0')}\n`
  const width = line(0).length
  let text = ''
  for (let offset = 0; offset < size; offset += width) text += line(offset)
  return Buffer.from(text).subarray(0, size)
}

/** A resource with a strong entity-tag made from its content. */
export function resource(content: Buffer, fields: Readonly<Record<string, string>> = {}): Resource {
  return { content, fields: { etag: `"${sha256(content).slice(0, 12)}"`, ...fields } }
}

/** SHA-256 in hexadecimal. */
export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The interval that a request asks of `size` bytes, `end` exclusive; null for the whole. */
export function wanted(request: RawRequest, size: number): { start: number; end: number } | null {
  if (request.range === null || request.range.start >= size) return null
  const { start, end } = request.range
  return { start, end: end === null ? size : Math.min(end + 1, size) }
}

/** Answers as RFC 9110 wants it, If-Range included. */
export function answerHonestly({ content, fields }: Resource, request: RawRequest, socket: Socket): void {
  const condition = request.headers.get('if-range')
  const isValid =
    condition === undefined || condition === fields['etag'] || condition === fields['last-modified']
  const range = isValid ? wanted(request, content.length) : null
  if (range === null && isValid && request.range !== null) {
    socket.write(
      head('416 Range Not Satisfiable', {
        'content-range': `bytes */${content.length}`,
        'content-length': 0,
      }),
    )
  } else if (range === null) {
    socket.write(head('200 OK', { ...fields, 'content-length': content.length }))
    socket.write(content)
  } else {
    const body = content.subarray(range.start, range.end)
    socket.write(part(range, content.length, fields))
    socket.write(body)
  }
}

/** The head of a correct 206. */
export function part(
  range: { start: number; end: number },
  total: number,
  fields: Readonly<Record<string, string>>,
): string {
  return head('206 Partial Content', {
    ...fields,
    'content-range': `bytes ${range.start}-${range.end - 1}/${total}`,
    'content-length': range.end - range.start,
  })
}

/** A script that is honest. */
export function honest(resource: Resource): Script {
  return (request, socket) => answerHonestly(resource, request, socket)
}

/** A script that does `first` for the first `count` requests and is honest after. */
export function atFirst(count: number, first: Script, resource: Resource): Script {
  return (request, socket) =>
    request.index < count ? first(request, socket) : answerHonestly(resource, request, socket)
}

/** A script that is honest for the first `count` requests only. */
export function lateron(count: number, later: Script, resource: Resource): Script {
  return (request, socket) =>
    request.index < count ? answerHonestly(resource, request, socket) : later(request, socket)
}
