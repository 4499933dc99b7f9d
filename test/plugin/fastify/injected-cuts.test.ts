import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { CHANNELS, type SendRangeEvent } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve, serveEverything, until } from '../support/serve.ts'

const SMALL = numberedLines(1000)
const LARGE = numberedLines(300_000)
const PART = { range: 'bytes=0-3' }

type Payload = Buffer | Readable
type Hook = (payload: Payload, reply: FastifyReply) => unknown

interface Cut {
  readonly hook: Hook
  readonly file: 'small.txt' | 'large.txt'
  readonly headers?: Readonly<Record<string, string>>
  /** Added to the route before `sendRange`. */
  readonly before?: (reply: FastifyReply) => void
}

const keep: Hook = (payload) => payload

/** Changes the reply, and keeps the payload. */
const alsoDo =
  (act: (reply: FastifyReply) => unknown): Hook =>
  (payload, reply) => {
    act(reply)
    return payload
  }

/** Removes the first byte of each chunk. */
const dropBytes: Hook = (payload) =>
  (payload as Readable).pipe(
    new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, chunk.subarray(1)) }),
  )

/** Replaces the status with which `writeHead` is called. */
function wrapWriteHead(reply: FastifyReply, status: number): void {
  const writeHead = reply.raw.writeHead.bind(reply.raw) as (status: number, ...rest: unknown[]) => unknown
  const wrapped = (_status: number, ...rest: unknown[]): unknown => writeHead(status, ...rest)
  reply.raw.writeHead = wrapped as typeof reply.raw.writeHead
}

/** Answers that are cut over HTTP/1.1. */
const CUTS: Readonly<Record<string, Cut>> = {
  'other bytes': { file: 'small.txt', headers: PART, hook: () => Buffer.from('EVIL') },
  'bytes changed in place': {
    file: 'small.txt',
    headers: PART,
    hook: (payload) => (payload as Buffer).fill('Z'),
  },
  'a longer text': { file: 'small.txt', headers: PART, hook: () => 'x'.repeat(10) },
  nothing: { file: 'small.txt', headers: PART, hook: () => null },
  'no Content-Range': {
    file: 'small.txt',
    headers: PART,
    hook: alsoDo((reply) => reply.removeHeader('content-range')),
  },
  'another Content-Range': {
    file: 'small.txt',
    headers: PART,
    hook: alsoDo((reply) => reply.header('content-range', 'bytes 1-4/1000')),
  },
  'a part as a 200': {
    file: 'small.txt',
    headers: PART,
    hook: alsoDo((reply) => reply.code(200)),
  },
  'a part as a 200, by a wrapper': {
    file: 'small.txt',
    headers: PART,
    hook: keep,
    before: (reply) => wrapWriteHead(reply, 200),
  },
  'a file as a 206': { file: 'small.txt', hook: alsoDo((reply) => reply.code(206)) },
  'a large part as a 200': {
    file: 'large.txt',
    headers: { range: 'bytes=7-250000' },
    hook: alsoDo((reply) => reply.code(200)),
  },
  'a Content-Length that is no number': {
    file: 'large.txt',
    hook: alsoDo((reply) => reply.header('content-length', 'many')),
  },
  'raw.end': {
    file: 'large.txt',
    headers: { range: 'bytes=7-250000' },
    hook: alsoDo((reply) => reply.raw.end('zz')),
  },
  'hijack and raw.end': {
    file: 'large.txt',
    headers: { range: 'bytes=7-250000' },
    hook: alsoDo((reply) => reply.hijack().raw.end('zz')),
  },
  'a stream that drops bytes of a file': { file: 'large.txt', hook: dropBytes },
  'a stream that drops bytes of a part': {
    file: 'large.txt',
    headers: { range: 'bytes=7-250000' },
    hook: dropBytes,
  },
  'several parts of other bytes': {
    file: 'small.txt',
    headers: { range: 'bytes=0-3,100-103' },
    hook: (payload) => (payload as Buffer).fill('Z'),
  },
  'a Response': { file: 'small.txt', headers: PART, hook: () => new Response('hello') },
}

interface Published {
  readonly outcome: 'served' | 'aborted'
  readonly bytesSent: number
}

/** The messages of the channels while the test runs. */
function listen(t: Test): Published[] {
  const published: Published[] = []
  for (const outcome of ['served', 'aborted'] as const) {
    const collect = (event: unknown): unknown =>
      published.push({ outcome, bytesSent: (event as SendRangeEvent).bytesSent })
    subscribe(CHANNELS[outcome], collect)
    t.teardown(() => unsubscribe(CHANNELS[outcome], collect))
  }
  return published
}

function folder(t: Test): string {
  const root = t.testdir({ 'small.txt': SMALL, 'large.txt': LARGE })
  for (const name of ['small.txt', 'large.txt']) utimesSync(join(root, name), 1e9, 1e9)
  return root
}

type Ask = (served: Served, cut: Cut) => Promise<'whole' | 'cut'>

const ASKS: Readonly<Record<string, Ask>> = {
  'HTTP/1.1': async ({ port }, { file, headers = {} }) => {
    const client = await RawClient.connect(port)
    try {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
      client.request('GET', `/${file}`, lines)
      const answer = await client.readAnswer('GET').catch(() => undefined)
      return answer?.complete === true ? 'whole' : 'cut'
    } finally {
      client.destroy()
    }
  },
  inject: ({ app }, { file, headers = {} }) => outcomeOf(app.inject({ url: `/${file}`, headers })),
  'inject with payloadAsStream': ({ app }, { file, headers = {} }) =>
    outcomeOf(
      app
        .inject({ url: `/${file}`, headers, payloadAsStream: true })
        .then((answer) => buffer(answer.stream())),
    ),
}

async function outcomeOf(answer: Promise<unknown>): Promise<'whole' | 'cut'> {
  try {
    await answer
    return 'whole'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'LIGHT_ECONNRESET') return 'cut'
    throw error
  }
}

for (const [name, cut] of Object.entries(CUTS)) {
  t.test(`an answer that is cut over HTTP/1.1 fails with inject (${name})`, async (t) => {
    const routes = (app: FastifyInstance): void => {
      app.addHook('onSend', async (_request, reply, payload) => cut.hook(payload as Payload, reply))
      app.get<{ Params: { '*': string } }>('/*', (request, reply) => {
        cut.before?.(reply)
        return reply.sendRange(request.params['*'])
      })
    }
    const served = await serve(t, { plugin: { root: folder(t) }, routes })
    const published = listen(t)
    const logged: Record<string, readonly string[]> = {}
    for (const [transport, ask] of Object.entries(ASKS)) {
      const from = served.log.length
      t.equal(await ask(served, cut), 'cut', transport)
      await until(() => published.length > 0)
      t.strictSame(
        published.splice(0).map(({ outcome }) => outcome),
        ['aborted'],
        `${transport}: the event`,
      )
      const messages = served.log.slice(from).map(({ msg }) => msg)
      // Those of Fastify depend on the order in which streams end.
      logged[transport] = messages.filter((msg) => /sendRange|range response/.test(msg))
    }
    t.strictSame(logged['inject'], logged['HTTP/1.1'], 'the log says the same')
    t.strictSame(logged['inject with payloadAsStream'], logged['HTTP/1.1'])
  })
}

t.test('good answers stay as they are with inject', async (t) => {
  const { app } = await serve(t, { plugin: { root: folder(t) }, routes: serveEverything })
  const published = listen(t)
  const etag = String((await app.inject({ url: '/small.txt' })).headers.etag)
  await until(() => published.length > 0)
  const rows = [
    { url: '/large.txt', status: 200, body: LARGE },
    { url: '/small.txt', headers: PART, status: 206, body: SMALL.subarray(0, 4) },
    {
      url: '/large.txt',
      headers: { range: 'bytes=7-250000' },
      status: 206,
      body: LARGE.subarray(7, 250_001),
    },
    { url: '/large.txt', method: 'HEAD', status: 200, body: Buffer.alloc(0) },
    { url: '/small.txt', headers: { 'if-none-match': etag }, status: 304, body: Buffer.alloc(0) },
    { url: '/small.txt', headers: { range: 'bytes=5000-' }, status: 416, body: undefined },
  ] as const
  for (const { status, body, ...request } of rows) {
    for (const payloadAsStream of [false, true]) {
      published.splice(0)
      const answer = await app.inject({ ...request, payloadAsStream })
      t.equal(answer.statusCode, status)
      const bytes = payloadAsStream ? await buffer(answer.stream()) : answer.rawPayload
      if (body !== undefined) sameBytes(t, body, bytes, `${request.url} ${status}`)
      await until(() => published.length > 0)
      t.equal(published[0]?.outcome, 'served')
    }
  }
})
