import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { createServer, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { announceServer } from './announce.ts'

// The least that a file server in Node can do: node:http, one range, one file opened for each answer, and synchronous
// calls. A slow disk stops all its answers, and a file that changes is not noticed. It is a floor, not a model.

const CHUNK_BYTES = 256 * 1024
const [root = '.'] = process.argv.slice(2)

/** Inclusive positions. */
interface Range {
  readonly first: number
  readonly last: number
}

/** The range of a Range field, undefined if the whole file is to be sent, or null if it cannot be satisfied. */
function rangeOf(field: string | undefined, size: number): Range | undefined | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(field ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const [from, to] = [match[1] ?? '', match[2] ?? '']
  if (from === '') {
    const suffix = Math.min(Number(to), size)
    return suffix === 0 ? null : { first: size - suffix, last: size - 1 }
  }
  const [first, last] = [Number(from), to === '' ? size - 1 : Math.min(Number(to), size - 1)]
  if (to !== '' && Number(to) < first) return undefined
  return first >= size ? null : { first, last }
}

/** Sends the bytes in chunks, each when the one before it has been taken. */
function sendChunks(response: ServerResponse, fd: number, { first, last }: Range): void {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let at = first
  response.once('close', () => closeSync(fd))
  const next = (): void => {
    if (response.destroyed) return
    const count = readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, last - at + 1), at)
    at += count
    if (count === 0) response.destroy()
    else if (at > last) response.end(chunk.subarray(0, count))
    // Other connections get their turn in between.
    else response.write(chunk.subarray(0, count), () => setImmediate(next))
  }
  next()
}

function send(response: ServerResponse, fd: number, { first, last }: Range): void {
  const length = last - first + 1
  if (length > CHUNK_BYTES) {
    sendChunks(response, fd, { first, last })
    return
  }
  const bytes = Buffer.allocUnsafe(length)
  const count = readSync(fd, bytes, 0, length, first)
  closeSync(fd)
  // The length has been promised: a file that has become shorter cannot be sent.
  if (count < length) response.destroy()
  else response.end(bytes)
}

function tagOf({ mtimeMs, size }: Stats): string {
  return `"${Math.round(mtimeMs).toString(16)}-${size.toString(16)}"`
}

const server = createServer((request, response) => {
  const { url = '/', headers } = request
  if (url.includes('..') || url.includes('%')) return void response.writeHead(404).end()
  let fd: number
  try {
    fd = openSync(join(root, url), 'r')
  } catch {
    return void response.writeHead(404).end()
  }
  const stats = fstatSync(fd)
  const fields: OutgoingHttpHeaders = { etag: tagOf(stats), 'accept-ranges': 'bytes' }
  const isCurrent = headers['if-none-match'] === fields['etag']
  const { size } = stats
  const range = headers['if-range'] === undefined ? rangeOf(headers.range, size) : undefined
  if (!stats.isFile() || isCurrent || range === null || size === 0) {
    closeSync(fd)
    const status = stats.isFile() ? (isCurrent ? 304 : range === null ? 416 : 200) : 404
    if (status === 416) fields['content-range'] = `bytes */${size}`
    return void response.writeHead(status, fields).end()
  }
  const { first, last } = range ?? { first: 0, last: size - 1 }
  fields['content-type'] = 'application/octet-stream'
  fields['content-length'] = last - first + 1
  if (range !== undefined) fields['content-range'] = `bytes ${first}-${last}/${size}`
  response.writeHead(range === undefined ? 200 : 206, fields)
  send(response, fd, { first, last })
})
await announceServer(server)
