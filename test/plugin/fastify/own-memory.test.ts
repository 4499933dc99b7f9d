import { PassThrough, Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { bufferSource, type RangeSource, type SendRangeOptions } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { type Answer, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const SMALL = numberedLines(6000)
const LARGE = numberedLines(300_000)
const FILES: Readonly<Record<string, Buffer>> = { 'small.txt': SMALL, 'large.txt': LARGE }
const RANGES = [undefined, 'bytes=100-299', 'bytes=0-9,100-199'] as const

/** What an `onSend` hook can do to the memory of a Buffer. */
const SPOILS: Readonly<Record<string, (bytes: Buffer) => void>> = {
  fill: (bytes) => bytes.fill(0x41),
  'fill of all that the ArrayBuffer has': (bytes) => new Uint8Array(bytes.buffer).fill(0x41),
  swap16: (bytes) => bytes.swap16(),
  transfer: (bytes) => structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] }),
}

type Spoil = (bytes: Buffer) => void

/** Overwrites each payload, and each chunk of one that is a stream. */
function spoilPayload(payload: unknown, spoil: Spoil): unknown {
  if (Buffer.isBuffer(payload)) spoil(payload)
  if (!(payload instanceof Readable)) return payload
  payload.on('data', spoil)
  return payload.pipe(new PassThrough())
}

/** A source of each kind that uses the same memory for each answer. */
function sourcesOf(content: Buffer): Readonly<Record<string, RangeSource>> {
  const memory = (): Buffer => Buffer.from(content)
  const [ofBuffer, ofCache, ofChunks] = [memory(), memory(), memory()]
  const described = { size: content.length, etag: '"v1"', close() {} }
  let kept: Uint8Array | undefined
  const readAt = async (target: Uint8Array, position: number): Promise<number> => {
    const part = content.subarray(position, position + target.length)
    target.set(part)
    return part.length
  }
  return {
    bufferSource: bufferSource(ofBuffer, { etag: '"v1"' }),
    cached: {
      open: () => ({
        ...described,
        readAt,
        cached: ({ first, last }) => ofCache.subarray(first, last + 1),
      }),
    },
    offerToCache: {
      open: () => ({
        ...described,
        readAt,
        cached: ({ first, last }) => (kept?.length === last - first + 1 ? kept : undefined),
        offerToCache(_range, bytes) {
          kept = bytes
        },
      }),
    },
    read: {
      open: () => ({
        ...described,
        *read({ first, last }) {
          yield ofChunks.subarray(first, last + 1)
        },
      }),
    },
  }
}

async function get(port: number, url: string, range?: string): Promise<Answer | undefined> {
  const client = await RawClient.connect(port)
  try {
    client.request('GET', url, range === undefined ? [] : [`Range: ${range}`])
    return await client.readAnswer('GET').catch(() => undefined)
  } finally {
    client.destroy()
  }
}

/** The bytes of a range in an answer; of several ranges, one after the other. */
function bytesIn(answer: Answer | undefined): Buffer {
  if (answer?.complete !== true) return Buffer.from(`no whole answer: ${answer?.status}`)
  const type = answer.fields.get('content-type') ?? ''
  const boundary = /boundary=(\w+)/.exec(type)?.[1]
  if (boundary === undefined) return answer.body
  const parts = answer.body.toString('latin1').split(`\r\n--${boundary}`).slice(1, -1)
  return Buffer.from(parts.map((part) => part.slice(part.indexOf('\r\n\r\n') + 4)).join(''), 'latin1')
}

function expected(content: Buffer, range: string | undefined): Buffer {
  if (range === undefined) return content
  const spans = range.slice('bytes='.length).split(',')
  return Buffer.concat(
    spans.map((span) => {
      const [first = 0, last = 0] = span.split('-').map(Number)
      return content.subarray(first, last + 1)
    }),
  )
}

interface Routes {
  readonly spoil: Spoil
  readonly options?: SendRangeOptions
}

/** An `onSend` hook overwrites what is sent under `/spoilt/*`, and nothing under `/plain/*`. */
function addRoutes(app: FastifyInstance, { spoil, options }: Routes): void {
  const route = (context: FastifyInstance, prefix: string): unknown =>
    context.get<{ Params: { '*': string } }>(`/${prefix}/*`, (request, reply) =>
      reply.sendRange(request.params['*'], options),
    )
  route(app, 'plain')
  app.register(async (context) => {
    context.addHook('onSend', async (_request, _reply, payload) => spoilPayload(payload, spoil))
    route(context, 'spoilt')
  })
}

async function isPlainRight(t: Test, port: number, file: string, content: Buffer): Promise<void> {
  for (const range of RANGES) {
    const answer = await get(port, `/plain/${file}`, range)
    sameBytes(t, bytesIn(answer), expected(content, range), `${file}, ${range ?? 'whole'}`)
  }
}

for (const [name, spoil] of Object.entries(SPOILS)) {
  t.test(`a hook that overwrites its Buffer changes no other answer (files, ${name})`, async (t) => {
    const root = t.testdir({ ...FILES })
    const { port } = await serve(t, { plugin: { root }, routes: (app) => addRoutes(app, { spoil }) })
    for (const [file, content] of Object.entries(FILES)) {
      for (let round = 0; round < 2; round++) {
        for (const range of RANGES) await get(port, `/spoilt/${file}`, range)
        await isPlainRight(t, port, file, content)
      }
    }
  })

  for (const kind of Object.keys(sourcesOf(SMALL))) {
    t.test(`a hook that overwrites its Buffer changes no other answer (${kind}, ${name})`, async (t) => {
      const source = sourcesOf(SMALL)[kind] as RangeSource
      const { port } = await serve(t, { routes: (app) => addRoutes(app, { spoil, options: { source } }) })
      for (let round = 0; round < 2; round++) {
        for (const range of RANGES) await get(port, '/spoilt/any.txt', range)
        await isPlainRight(t, port, 'any.txt', SMALL)
      }
    })
  }
}

t.test(
  'a part that a hook changes in place is cut, whether it is read from the file or cached',
  async (t) => {
    const root = t.testdir({ ...FILES })
    const { port } = await serve(t, {
      plugin: { root },
      routes: (app) => addRoutes(app, { spoil: (bytes) => bytes.fill(0x41) }),
    })
    for (const file of Object.keys(FILES)) {
      for (let round = 0; round < 3; round++) {
        for (const range of ['bytes=100-299', 'bytes=0-9,100-199']) {
          const answer = await get(port, `/spoilt/${file}`, range)
          t.not(answer?.complete, true, `${file}, ${range}`)
          await get(port, `/plain/${file}`, range)
        }
      }
    }
  },
)

t.test('the memory of a payload has no other bytes', async (t) => {
  const root = t.testdir({ ...FILES })
  const seen: Buffer[] = []
  const { port } = await serve(t, {
    plugin: { root },
    routes: (app) => addRoutes(app, { spoil: (bytes) => void seen.push(bytes) }),
  })
  for (let round = 0; round < 3; round++) await get(port, '/spoilt/large.txt', 'bytes=100-299')
  t.equal(seen.length, 3)
  t.equal(new Set(seen.map(({ buffer }) => buffer)).size, 3)
  for (const bytes of seen) t.equal(bytes.buffer.byteLength, bytes.length)
})

type Writer = { write: (...given: unknown[]) => unknown; end: (...given: unknown[]) => unknown }

/** Sends a copy of each chunk, and overwrites what it was given in a later turn. */
function overwriteAfter(writer: Writer): void {
  for (const method of ['write', 'end'] as const) {
    const original = writer[method]
    writer[method] = function (this: unknown, ...given: unknown[]) {
      const [chunk, ...others] = given
      if (!(chunk instanceof Uint8Array)) return Reflect.apply(original, this, given)
      setImmediate(() => chunk.fill(0x55))
      return Reflect.apply(original, this, [Buffer.from(chunk), ...others])
    }
  }
}

const WRAPPERS: Readonly<Record<string, (app: FastifyInstance) => void>> = {
  'of the socket': (app) =>
    app.server.on('connection', (socket) => overwriteAfter(socket as unknown as Writer)),
  'of the response': (app) => {
    app.addHook('onRequest', async (_request: unknown, { raw }: FastifyReply) => {
      overwriteAfter(raw as unknown as Writer)
    })
  },
}

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  t.test(`a wrapper ${name} that overwrites what it has sent changes no other answer`, async (t) => {
    const root = t.testdir({ ...FILES })
    const sources = sourcesOf(SMALL)
    const { port } = await serve(t, {
      plugin: { root },
      routes(app) {
        wrap(app)
        addRoutes(app, { spoil: () => {} })
        for (const [kind, source] of Object.entries(sources))
          app.get(`/${kind}`, (_request, reply) => reply.sendRange('any.txt', { source }))
      },
    })
    for (let round = 0; round < 4; round++) {
      for (const [file, content] of Object.entries(FILES)) await isPlainRight(t, port, file, content)
      for (const kind of Object.keys(sources)) {
        for (const range of RANGES) {
          const answer = await get(port, `/${kind}`, range)
          sameBytes(t, bytesIn(answer), expected(SMALL, range), `${kind}, ${range ?? 'whole'}`)
        }
      }
    }
  })
}
