import { utimesSync, writeFileSync } from 'node:fs'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { RangePluginOptions, RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { ANSWERS_PER_SESSION, OPENS_PER_SESSION } from '#plugin/memory-bounds.js'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

const SIZE = 4 * 1024 * 1024
const MANY = 300
const MOST_OPEN = ANSWERS_PER_SESSION.total + OPENS_PER_SESSION.total

const OLD = new Date('2024-05-06T07:08:09Z')

async function serveHttp2(t: Test, plugin: RangePluginOptions): Promise<number> {
  const { port } = await serve(t, {
    server: { http2: true },
    plugin: { stallTimeout: 0, ...plugin },
    routes(app: FastifyInstance) {
      app.get<{ Params: { name: string } }>('/:name', (request, reply) =>
        reply.sendRange(request.params.name),
      )
    },
  })
  return port
}

/** A folder with a large file, a small one, and a number of other large ones. */
function folder(t: Test, count = 0): string {
  const names = ['large.bin', ...Array.from({ length: count }, (_, index) => `${index}.bin`)]
  const root = t.testdir(Object.fromEntries(['small.txt', ...names].map((name) => [name, ''])))
  for (const name of names) writeFileSync(join(root, name), Buffer.alloc(count === 0 ? SIZE : 200_000, 'x'))
  writeFileSync(join(root, 'small.txt'), 'small')
  for (const name of ['small.txt', ...names]) utimesSync(join(root, name), OLD, OLD)
  return root
}

type Reading = 'reads nothing' | 'has windows of 0'

function connectTo(t: Test, port: number, reading: Reading) {
  const socket = createConnection(port, '127.0.0.1')
  const settings = reading === 'has windows of 0' ? { initialWindowSize: 0 } : {}
  const session = connect(`http://127.0.0.1:${port}`, { settings, createConnection: () => socket })
  t.teardown(() => session.destroy())
  session.on('error', () => {})
  return { session, socket }
}

/** Sends a request, and reads nothing of the answer. */
function askOnly(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  const stream = session.request({ ':path': path })
  stream.on('error', () => {})
  stream.on('response', () => stream.pause())
  return stream
}

interface Answer {
  readonly status: number
  readonly etag: unknown
  readonly body: string
}

function ask(
  session: ClientHttp2Session,
  path: string,
  fields: Record<string, string> = {},
): Promise<Answer> {
  const stream = session.request({ ':path': path, ...fields })
  return new Promise((resolve, reject) => {
    let head: Record<string, unknown> = {}
    let body = ''
    stream.on('error', reject)
    stream.on('response', (headers) => {
      head = headers
    })
    stream.setEncoding('utf8')
    stream.on('data', (part: string) => {
      body += part
    })
    stream.on('end', () => resolve({ status: Number(head[':status']), etag: head['etag'], body }))
  })
}

/** Long enough to notice an answer that should have waited. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700))

/** Counts open representations. */
function countedSource() {
  const count = { opened: 0, open: 0, most: 0, version: 1 }
  const source: RangeSource = {
    open() {
      count.opened++
      count.open++
      count.most = Math.max(count.most, count.open)
      return {
        size: SIZE,
        etag: `"v${count.version}"`,
        readAt: async (target) => target.length,
        close() {
          count.open--
        },
      }
    },
  }
  return { source, count }
}

t.test('an answer without a body does not wait for streams that are not read', async (t) => {
  const root = folder(t)
  const { session } = connectTo(t, await serveHttp2(t, { root }), 'reads nothing')
  const { etag } = await ask(session, '/small.txt')
  for (let index = 0; index < ANSWERS_PER_SESSION.total + 20; index++) askOnly(session, '/large.bin')
  const head = await ask(session, '/large.bin', { ':method': 'HEAD' })
  t.match(head, { status: 200, body: '' })
  t.match(await ask(session, '/small.txt', { 'if-none-match': String(etag) }), { status: 304 })
  t.match(await ask(session, '/none.txt'), { status: 404 })
  t.match(await ask(session, '/small.txt', { range: 'bytes=99-' }), { status: 416 })
  t.match(await ask(session, '/small.txt', { 'if-match': '"other"' }), { status: 412 })
})

t.test('bodies are sent beside a hundred streams that are not read', async (t) => {
  const root = folder(t)
  for (const reading of ['reads nothing', 'has windows of 0'] as const) {
    const { session } = connectTo(t, await serveHttp2(t, { root }), reading)
    for (let index = 0; index < 100; index++) askOnly(session, '/large.bin')
    if (reading === 'has windows of 0') {
      const stream = session.request({ ':path': '/small.txt', range: 'bytes=0-3' })
      await new Promise((resolve) => stream.on('response', resolve))
      t.pass(reading)
      continue
    }
    t.match(await ask(session, '/small.txt', { range: 'bytes=0-3' }), { status: 206, body: 'smal' })
    t.match(await ask(session, '/small.txt'), { status: 200, body: 'small' })
    t.equal((await ask(session, '/large.bin')).body.length, SIZE)
  }
})

t.test('a bounded number of hundreds of streams with a window of 0 is open', async (t) => {
  const { source, count } = countedSource()
  const { session, socket } = connectTo(t, await serveHttp2(t, { source }), 'has windows of 0')
  const streams = Array.from({ length: MANY }, (_, index) => askOnly(session, `/${index}`))
  await until(() => count.opened >= MANY && count.open === ANSWERS_PER_SESSION.total)
  await settle()
  t.equal(count.open, ANSWERS_PER_SESSION.total)
  t.ok(count.most <= MOST_OPEN, `at most ${MOST_OPEN} at a time`)
  const before = count.opened
  for (const stream of streams.slice(0, 10)) stream.close(constants.NGHTTP2_CANCEL)
  await until(() => count.opened === before + 10)
  await settle()
  t.equal(count.open, ANSWERS_PER_SESSION.total, 'each that ends lets the next one in')
  socket.destroy()
  await until(() => count.open === 0)
  await settle()
  t.equal(count.opened, before + 10, 'none is opened for a session that is gone')
})

t.test('a bounded number of hundreds of files is open for streams that are not read', async (t) => {
  const root = folder(t, MANY)
  const { session } = connectTo(t, await serveHttp2(t, { root, maxOpenFiles: 0 }), 'reads nothing')
  for (let index = 0; index < MANY; index++) askOnly(session, `/${index}.bin`)
  await until(() => descriptorsBelow(root) >= ANSWERS_PER_SESSION.total)
  await settle()
  t.ok(descriptorsBelow(root) <= MOST_OPEN)
  session.destroy()
  await until(() => descriptorsBelow(root) === 0)
})

t.test('an answer that has waited has the version of the time when it is sent', async (t) => {
  const { source, count } = countedSource()
  const { session } = connectTo(t, await serveHttp2(t, { source }), 'reads nothing')
  const streams = Array.from({ length: MANY }, (_, index) => askOnly(session, `/${index}`))
  const late = ask(session, '/late', { 'if-range': '"v1"', range: 'bytes=0-3' })
  await until(() => count.opened >= MANY + 1 && count.open === ANSWERS_PER_SESSION.total)
  count.version = 2
  for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL)
  t.match(await late, { status: 200, etag: '"v2"' })
  await until(() => count.open === 0)
})
