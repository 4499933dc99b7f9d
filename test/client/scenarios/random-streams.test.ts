// Random servers, readers and buffers: what comes out of a stream is the file, or the beginning of it and an error.
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import type { FakeServer, Piece, Reply } from '../support/fake-client.ts'
import { fileHandlePrototype } from '../support/file-handles.ts'
import { honestly } from '../support/honest-reply.ts'
import { makeContent, resource } from '../support/hostile-server.ts'
import { Collector, stream } from '../support/streamed.ts'

type Writev = (this: FileHandle, buffers: Buffer[], at: number) => Promise<{ bytesWritten: number }>

const RUNS = { memory: 100, 'a file': 50 } as const
const LEAST_BUFFER = 64 * 1024
/** The server sends no larger pieces, so that a connection has at most one of them too many. */
const PIECE = 4096

/** Random numbers that are the same in each run (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

function cutInPieces(body: Buffer): Piece[] {
  const pieces: Piece[] = []
  for (let at = 0; at < body.length; at += PIECE) pieces.push(body.subarray(at, at + PIECE))
  return pieces
}

interface Case {
  readonly server: FakeServer
  readonly content: Buffer
  readonly connections: number
  readonly segmentSize: number
  readonly buffer: number
}

/** A server that cuts, refuses, sends less than was asked for, ignores ranges, and damages parts that have a digest. */
function caseOf(next: () => number): Case {
  const below = (most: number): number => Math.floor(next() * most)
  const content = makeContent(below(400_000), `${below(1000)}`)
  const file = resource(content)
  const hasDigests = next() < 0.4
  const trouble = next() * 0.3
  let damaged = 0
  const server: FakeServer = (request) => {
    if (next() < trouble / 3) return null
    if (next() < trouble / 3) return { status: 503, fields: { 'content-length': '0' } }
    const isWhole = next() < trouble / 10
    const { range } = request
    const isShort = range !== null && next() < trouble
    const end = isShort ? Math.min(range.start + 1 + below(5000), range.end ?? content.length) : range?.end
    const asked = isWhole ? null : range === null ? null : { start: range.start, end: end ?? null }
    const isCut = next() < trouble
    // A digest of the whole is known to be wrong only after its bytes.
    const isPart = asked !== null && (asked.start > 0 || (asked.end ?? content.length) < content.length)
    const isDamaged = isPart && hasDigests && damaged < 2 && next() < 0.1
    const reply: Reply = honestly(file, { ...request, range: asked }, (body) => {
      const bytes = Buffer.from(body)
      if (isDamaged && bytes.length > 0) bytes[below(bytes.length)] = 1
      const pieces = cutInPieces(bytes)
      return isCut ? [...pieces.slice(0, below(pieces.length)), 'cut'] : pieces
    })
    if (reply.status !== 206) return reply
    if (isDamaged) damaged++
    const start = asked?.start ?? 0
    const part = content.subarray(start, asked?.end ?? content.length)
    const value = createHash('sha256').update(part).digest('base64')
    return hasDigests
      ? { ...reply, fields: { ...reply.fields, 'content-digest': `sha-256=:${value}:` } }
      : reply
  }
  return {
    server,
    content,
    connections: 1 + below(6),
    segmentSize: 1000 + below(40_000),
    buffer: LEAST_BUFFER + below(2) * below(200_000),
  }
}

/** A folder whose files take their time for each write. */
async function slowFolder(t: Test): Promise<string> {
  const folder = t.testdir({})
  const prototype = await fileHandlePrototype<{ writev: Writev }>(join(folder, 'probe'))
  const { writev } = prototype
  const next = random(0)
  prototype.writev = async function (buffers, at) {
    while (next() < 0.6) await nextTurn()
    return await writev.call(this, buffers, at)
  }
  t.teardown(() => {
    prototype.writev = writev
  })
  return folder
}

for (const place of ['memory', 'a file'] as const)
  t.test(`what comes out is the file, in order and within the buffer (in ${place})`, async (t) => {
    const where = place === 'memory' ? {} : { bufferDirectory: await slowFolder(t) }
    let whole = 0
    for (let seed = 1; seed <= RUNS[place]; seed++) {
      const next = random(seed)
      const { server, content, connections, segmentSize, buffer } = caseOf(next)
      const laziness = next()
      const output = new Collector(async () => {
        while (next() < laziness) await nextTurn()
      })
      const end = await stream(server, output, {
        ...{ connections, segmentSize, buffer, ...where },
        retries: 20,
        retryDelay: 0,
        maxRetryDelay: 1,
      })
      const name = `seed ${seed}: ${end.message}`
      const most = buffer + connections * PIECE
      if (end.mostWaiting > most) t.fail(`${name}: ${end.mostWaiting} bytes waited, more than ${most}`)
      if (end.code === null) whole++
      const expected = end.code === null ? content : content.subarray(0, output.taken)
      if (!output.bytes.equals(expected)) sameBytes(t, output.bytes, expected, name)
      if (output.writableFinished !== (end.code === null)) t.fail(`${name}: ended ${output.writableFinished}`)
    }
    t.ok(whole > RUNS[place] * 0.9, `${whole} of ${RUNS[place]} downloads were whole`)
  })
