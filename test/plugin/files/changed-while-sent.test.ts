import { appendFile, open, rename, stat, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { connect, constants } from 'node:http2'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, type ServeOptions, serve, serveEverything, until } from '../support/serve.ts'

const MIB = 1024 * 1024
const EARLY_BYTES = 16 * 1024
const A = 0x41
const B = 0x42

/** What a client is left with. */
interface Outcome {
  readonly body: Buffer
  readonly announced: number
  readonly end: 'whole' | 'cut'
}

/** Sends a request, reads a little, changes something, then reads the remainder. */
type Transfer = (port: number, range: string | undefined, meanwhile: () => Promise<void>) => Promise<Outcome>

async function overHttp1(
  port: number,
  range: string | undefined,
  meanwhile: () => Promise<void>,
): Promise<Outcome> {
  const client = await RawClient.connect(port)
  client.request('GET', '/f.bin', range === undefined ? [] : [`Range: ${range}`])
  const head = await client.readHead()
  const announced = Number(head.fields.get('content-length'))
  const early = await client.readBytes(EARLY_BYTES)
  await meanwhile()
  const late = await client.readBytes(announced - early.length)
  const body = Buffer.concat([early, late])
  const whole = body.length === announced
  // A byte past Content-Length would stand before the next status line, and the client would throw.
  if (whole) await client.exchange('HEAD', '/next.txt')
  client.destroy()
  return { body, announced, end: whole ? 'whole' : 'cut' }
}

async function overHttp2(
  port: number,
  range: string | undefined,
  meanwhile: () => Promise<void>,
): Promise<Outcome> {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': '/f.bin', ...(range === undefined ? {} : { range }) })
  // Node 24 and later report a reset to a paused stream too, perhaps before anything more is read.
  stream.on('error', () => {})
  const closed = new Promise((resolve) => stream.once('close', resolve))
  const chunks: Buffer[] = []
  const announced = await new Promise<number>((resolve) => {
    stream.once('response', (head) => resolve(Number(head['content-length'])))
  })
  await new Promise<void>((resolve) => {
    stream.once('data', (chunk: Buffer) => {
      chunks.push(chunk)
      stream.pause()
      resolve()
    })
  })
  await meanwhile()
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.resume()
  await closed
  session.destroy()
  const clean = stream.rstCode === constants.NGHTTP2_NO_ERROR
  return { body: Buffer.concat(chunks), announced, end: clean ? 'whole' : 'cut' }
}

function behindTransform(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, _reply, payload) => {
    // A bare pipe, as people write it: it passes on neither errors nor the end of the connection.
    return (payload as Readable).pipe(new PassThrough())
  })
  serveEverything(app)
}

interface Way {
  readonly name: string
  /** More than server and client buffer if the client does not read, so the server has not read the end of the file. */
  readonly size: number
  readonly serve: Omit<ServeOptions, 'plugin'>
  readonly transfer: Transfer
}

const WAYS: readonly Way[] = [
  { name: 'HTTP/1.1', size: 12 * MIB, serve: {}, transfer: overHttp1 },
  {
    name: 'HTTP/1.1 behind a transforming onSend',
    size: 12 * MIB,
    serve: { routes: behindTransform },
    transfer: overHttp1,
  },
  { name: 'HTTP/2', size: MIB, serve: { server: { http2: true } }, transfer: overHttp2 },
]

const rangesOf = (size: number): readonly { name: string; range: string | undefined }[] => [
  { name: 'whole', range: undefined },
  { name: 'a part', range: 'bytes=1000-' },
  { name: 'several parts', range: `bytes=0-${size / 2}, ${size / 2 + 1000}-${size - 1000}` },
]

interface Change {
  readonly name: string
  readonly mayEnd: readonly Outcome['end'][]
  readonly change: (path: string, size: number) => Promise<void>
}

const CHANGES: readonly Change[] = [
  {
    name: 'replaced by rename',
    mayEnd: ['whole'],
    change: async (path, size) => {
      await writeFile(`${path}.new`, Buffer.alloc(size, B))
      await rename(`${path}.new`, path)
    },
  },
  { name: 'unlinked', mayEnd: ['whole'], change: unlink },
  { name: 'truncated', mayEnd: ['cut'], change: (path) => truncate(path, 100_000) },
  { name: 'truncated to nothing', mayEnd: ['cut'], change: (path) => truncate(path, 0) },
  { name: 'appended to', mayEnd: ['cut', 'whole'], change: (path) => appendFile(path, Buffer.alloc(MIB, B)) },
  {
    name: 'rewritten in place, size and mtime as before',
    mayEnd: ['cut'],
    change: async (path, size) => {
      const { atime, mtime } = await stat(path)
      const file = await open(path, 'r+')
      await file.write(Buffer.alloc(size, B), 0, size, 0)
      await file.close()
      await utimes(path, atime, mtime)
    },
  },
  {
    name: 'one byte of its end rewritten',
    mayEnd: ['cut'],
    change: async (path, size) => {
      const file = await open(path, 'r+')
      await file.write(Buffer.from('B'), 0, 1, size - 2000)
      await file.close()
    },
  },
]

for (const way of WAYS) {
  t.test(`a file that changes while a slow client reads is cut (${way.name})`, async (t) => {
    const root = t.testdir({ 'next.txt': 'next' })
    const { port, errors } = await serve(t, { plugin: { root }, ...way.serve })
    for (const { name, change, mayEnd } of CHANGES) {
      for (const { name: what, range } of rangesOf(way.size)) {
        const path = join(root, 'f.bin')
        await writeFile(path, Buffer.alloc(way.size, A))
        const { body, announced, end } = await way.transfer(port, range, () => change(path, way.size))
        t.ok(mayEnd.includes(end), `${name}, ${what}: ${end}`)
        t.ok(body.length <= announced, `${name}, ${what}: not a byte too many`)
        if (end === 'whole') {
          t.equal(body.length, announced, `${name}, ${what}: not a byte too few`)
          t.notOk(body.includes(Buffer.alloc(1000, B)), `${name}, ${what}: one version`)
        }
      }
    }
    await until(() => descriptorsBelow(root) === 0)
    t.strictSame(errors(), [])
  })
}
