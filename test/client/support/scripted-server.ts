// A server on a socket that gives the same replies as the fake client.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Reply } from './fake-client.ts'

/** A server whose next reply is given to it. */
export interface ScriptedServer {
  readonly url: string
  /** Null: the connection is closed without an answer. */
  reply: Reply | null
  /** Connections that were opened. */
  connections: number
}

/** Starts a server that stops with the test. */
export async function startScripted(t: Test): Promise<ScriptedServer> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    scripted.connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!text.endsWith('\r\n\r\n')) return
      text = ''
      void send(scripted.reply, socket)
    })
  })
  const scripted = { url: '', reply: null as Reply | null, connections: 0 }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  scripted.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return scripted
}

async function send(reply: Reply | null, socket: Socket): Promise<void> {
  if (reply === null) {
    socket.destroy()
    return
  }
  const { status, fields = {}, body = [], trailers, delimiter = 'announced' } = reply
  const isChunked = trailers !== undefined || body.includes('malformed')
  const isCut = body.includes('cut') || body.includes('stall')
  const length = lengthOf(reply) + (isCut ? 1_000_000 : 0)
  const framing = isChunked
    ? { 'transfer-encoding': 'chunked' }
    : delimiter === 'announced'
      ? { 'content-length': String(length) }
      : { connection: 'close' }
  socket.write(`HTTP/1.1 ${status} Status\r\n${linesOf({ ...framing, ...fields })}\r\n`)
  for (const piece of body) {
    if (piece === 'stall') return
    if (piece === 'cut' || piece === 'malformed') {
      await sleep(20) // the bytes before it arrive
      if (piece === 'cut') socket.resetAndDestroy()
      else socket.write('no length\r\n')
      return
    }
    if (typeof piece === 'number') await sleep(piece)
    else if (isChunked)
      socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, END_OF_LINE]))
    else socket.write(piece)
  }
  if (isChunked) socket.write(`0\r\n${linesOf(trailers ?? {})}\r\n`)
  if (delimiter !== 'announced') socket.end()
}

const END_OF_LINE = Buffer.from('\r\n')

/** The bytes of the body of a reply. */
function lengthOf({ body = [] }: Reply): number {
  return body.reduce<number>((sum, piece) => sum + (Buffer.isBuffer(piece) ? piece.length : 0), 0)
}

function linesOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}
