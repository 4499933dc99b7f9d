import { connect, type Http2ServerResponse } from 'node:http2'
import { PassThrough, Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { bufferSource, type RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve } from '../support/serve.ts'

const CONTENT = numberedLines(300_000)

function sourceOf(kind: string, size: number): RangeSource {
  const content = CONTENT.subarray(0, size)
  if (kind === 'buffer') return bufferSource(content)
  return {
    open: () => ({
      size,
      etag: '"v"',
      read: ({ first, last }) => [content.subarray(first, last + 1)],
      close() {},
    }),
  }
}

type Raw = FastifyReply['raw']
const streamOf = (raw: Raw) => (raw as unknown as Http2ServerResponse).stream

/** What a hook writes on `reply.raw` before it returns the payload. */
const BEGINNINGS: Readonly<Record<string, (raw: Raw) => unknown>> = {
  'raw.write': (raw) => raw.write('begun'),
  'raw.writeHead and raw.write': (raw) => raw.writeHead(200, { 'content-type': 'text/plain' }).write('begun'),
}

const HTTP2_BEGINNINGS: typeof BEGINNINGS = {
  ...BEGINNINGS,
  'raw.stream.write': (raw) => streamOf(raw).write('begun'),
  'raw.stream.respond': (raw) => streamOf(raw).respond({ ':status': 200 }),
  'raw.stream.respond, waiting for trailers': (raw) =>
    streamOf(raw).respond({ ':status': 200 }, { waitForTrailers: true }),
  'raw.write while it is corked': (raw) => {
    raw.cork()
    raw.write('begun')
    setImmediate(() => raw.uncork())
  },
}

/** What a hook returns. */
const PAYLOADS: Readonly<Record<string, (payload: unknown) => unknown>> = {
  'the payload': (payload) => payload,
  'the payload, piped through another stream': (payload) =>
    payload instanceof Readable ? payload.pipe(new PassThrough()) : payload,
}

interface Seen {
  readonly text: string
  readonly how: 'whole' | 'cut'
}

async function overHttp1(port: number, lines: readonly string[]): Promise<Seen> {
  const client = await RawClient.connect(port)
  client.request('GET', '/', ['Connection: close', ...lines])
  const text = (await client.readBytes(CONTENT.length * 2)).toString('latin1')
  client.destroy()
  const isWhole = text.endsWith('\r\n0\r\n\r\n') || text.includes('Content-Length: 5\r\n')
  return { text, how: isWhole ? 'whole' : 'cut' }
}

async function overHttp2(port: number, lines: readonly string[]): Promise<Seen> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  const fields = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ')))
  const stream = session.request({ ':path': '/', ...fields })
  const chunks: Buffer[] = []
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  return { text: Buffer.concat(chunks).toString('latin1'), how: stream.rstCode === 0 ? 'whole' : 'cut' }
}

const VERSIONS = {
  'HTTP/1.1': { ask: overHttp1, beginnings: BEGINNINGS, server: {} },
  'HTTP/2': { ask: overHttp2, beginnings: HTTP2_BEGINNINGS, server: { http2: true } },
} as const

function serveBegun(
  t: Test,
  how: {
    server: object
    source: RangeSource
    begin: (raw: Raw) => unknown
    give: (payload: unknown) => unknown
  },
): Promise<Served> {
  return serve(t, {
    server: how.server,
    routes(app) {
      app.addHook('onSend', async (_request, reply, payload) => {
        how.begin(reply.raw)
        return how.give(payload)
      })
      app.get('/', (_request, reply) => reply.sendRange('x', { source: how.source }))
    },
  })
}

const RANGES = [[], ['Range: bytes=10-19'], ['Range: bytes=10-19,30-39']] as const

for (const [version, { ask, beginnings, server }] of Object.entries(VERSIONS)) {
  for (const [name, begin] of Object.entries(beginnings)) {
    for (const [given, give] of Object.entries(PAYLOADS)) {
      t.test(
        `${version}: an answer that a hook begins by ${name} before it gives ${given} is cut`,
        async (t) => {
          for (const kind of ['buffer', 'stream']) {
            for (const size of [0, 13, 20_000, 65_537, 300_000]) {
              const served = await serveBegun(t, { server, source: sourceOf(kind, size), begin, give })
              for (const lines of RANGES) {
                if (size < 40 && lines.length > 0) continue
                const before = served.log.length
                const { text, how } = await ask(served.port, lines)
                const which = `${kind} of ${size} bytes, ${lines.join()}`
                t.equal(how, 'cut', which)
                t.notMatch(text.slice(0, 1000), '000000', `nothing of the content goes out: ${which}`)
                t.ok(
                  served.log
                    .slice(before)
                    .some(({ level, msg }) => level >= 40 && /reply\.raw|cut/.test(msg)),
                  `the log says why: ${which}`,
                )
              }
              await served.app.close()
            }
          }
        },
      )
    }
  }
}
