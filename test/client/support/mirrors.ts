// Servers of one file that are honest, slow, dead, or lie.
import { createHash } from 'node:crypto'
import type { DownloadOptions } from 'range-get'
import type { Test } from 'tap'
import {
  answerHonestly,
  type HostileServer,
  head,
  honest,
  makeContent,
  part,
  type Script,
  send,
  startHostile,
  wanted,
} from './hostile-server.ts'
import { type End, get } from './run.ts'

export const SIZE = 3_000_000
export const CONTENT = makeContent(SIZE)
export const OTHER = makeContent(SIZE, 'version B')

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64')
export const CHECKSUM = `sha-256=${sha256(CONTENT)}`
export const REPR = { 'repr-digest': `sha-256=:${sha256(CONTENT)}:` }

/** Segments that let every server take part. */
export const SMALL: DownloadOptions = { segmentSize: 200_000 }

export const good = (fields: Readonly<Record<string, string>> = {}): Script =>
  honest({ content: CONTENT, fields })
export const lying = (fields: Readonly<Record<string, string>> = {}): Script =>
  honest({ content: OTHER, fields })
export const refusing =
  (status: string): Script =>
  (_request, socket) =>
    void socket.write(head(status, { 'content-length': 0 }))

/** Right at its beginning and its end, with one wrong byte in the middle. */
export const sly = (fields: Readonly<Record<string, string>> = {}): Script => {
  const content = Buffer.from(CONTENT)
  for (let at = 100_000; at < SIZE - 100_000; at += 150_000) content[at] = 0
  return honest({ content, fields })
}

/** Sends the whole file, whatever is asked for. */
export const whole: Script = (_request, socket) =>
  void socket.write(Buffer.concat([Buffer.from(head('200 OK', { 'content-length': SIZE })), CONTENT]))

/** Never answers. */
export const hanging: Script = () => undefined

/** Sends a little and then nothing, so that it is always the slowest. */
export const slow: Script = async (request, socket) => {
  const range = wanted(request, SIZE) ?? { start: 0, end: SIZE }
  socket.write(part(range, SIZE, {}))
  await send(socket, CONTENT.subarray(range.start, Math.min(range.end, range.start + 4096)))
}

export async function serve(t: Test, ...scripts: readonly Script[]): Promise<HostileServer[]> {
  const servers = await Promise.all(scripts.map((script) => startHostile(script)))
  t.teardown(async () => void (await Promise.all(servers.map((server) => server.stop()))))
  return servers
}

export const urlOf = ({ url }: HostileServer): string => `${url}/file.bin`

/** Downloads from the first server, with the others as mirrors. */
export async function getFrom(
  t: Test,
  servers: readonly HostileServer[],
  options: DownloadOptions = {},
): Promise<End> {
  const [first, ...mirrors] = servers.map(urlOf)
  return await get(first ?? '', t.testdir(), { ...SMALL, ...options, mirrors })
}

/** Requests to a mirror after the one that looks at its file. */
export const laterRequests = ({ requests }: HostileServer): number => requests.length - 1

/** Redirects to the file, with these fields. */
export function redirected(fields: Readonly<Record<string, string>>): Script {
  return (request, socket) => {
    if (request.path !== '/file.bin') return answerHonestly({ content: CONTENT, fields: {} }, request, socket)
    socket.write(head('302 Found', { ...fields, location: '/elsewhere', 'content-length': 0 }))
  }
}

/** As a lying one, with the Content-Digest of what it sends. */
export const digested =
  (content: Buffer): Script =>
  (request, socket) => {
    const range = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    const bytes = content.subarray(range.start, range.end)
    socket.write(part(range, SIZE, { 'content-digest': `sha-256=:${sha256(bytes)}:` }))
    socket.write(bytes)
  }

/** Honest for `count` requests; then it closes every connection. */
export const dying =
  (count: number): Script =>
  (request, socket) =>
    request.index < count
      ? answerHonestly({ content: CONTENT, fields: {} }, request, socket)
      : void socket.destroy()

/** Sends only half of a part and closes the connection, after `count` honest answers. */
export const breaking =
  (count: number): Script =>
  async (request, socket) => {
    if (request.index < count) return answerHonestly({ content: CONTENT, fields: {} }, request, socket)
    const range = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    socket.write(part(range, SIZE, {}))
    await send(socket, CONTENT.subarray(range.start, Math.floor((range.start + range.end) / 2)))
    socket.end()
  }
