import { ServerResponse } from 'node:http'
import { connect, type Http2ServerResponse } from 'node:http2'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { bufferSource, type RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve } from '../support/serve.ts'

const CONTENT = numberedLines(3_000_000)
const FOREIGN = 'begun'
/** At this read of a source, some bytes of the answer were sent. */
const LATE_READ = 3

type Raw = FastifyReply['raw']
type Act = (raw: Raw) => unknown

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Sources that call a function in the middle of an answer. */
const SOURCES: Readonly<Record<string, (act: () => void) => RangeSource>> = {
  readAt: (act) => {
    let reads = 0
    return {
      open: () => ({
        size: CONTENT.length,
        etag: '"v1"',
        async readAt(target, position) {
          const bytes = CONTENT.subarray(position, position + target.length)
          if (++reads === LATE_READ) await turns().then(act).then(turns)
          target.set(bytes)
          return bytes.length
        },
        close() {},
      }),
    }
  },
  read: (act) => ({
    open: () => ({
      size: CONTENT.length,
      etag: '"v1"',
      async *read({ first, last }) {
        let reads = 0
        for (let at = first; at <= last; at += 20_000) {
          if (++reads === LATE_READ) await turns().then(act).then(turns)
          yield CONTENT.subarray(at, Math.min(last + 1, at + 20_000))
        }
      },
      close() {},
    }),
  }),
}

/** Writes that are stopped before a byte of them is sent. */
const STOPPED: Readonly<Record<string, Act>> = {
  'raw.write': (raw) => raw.write(FOREIGN),
  'raw.write of a Buffer, with a callback': (raw) => raw.write(Buffer.from(FOREIGN), () => {}),
  'raw.end with bytes': (raw) => raw.end(FOREIGN),
  'raw.end': (raw) => raw.end(),
  'a stream that is piped into raw': (raw) => Readable.from([Buffer.from(FOREIGN)]).pipe(raw),
  'a stream that is piped into raw without ending it': (raw) =>
    Readable.from([Buffer.from(FOREIGN)]).pipe(raw, { end: false }),
}

const streamOf = (raw: Raw) => (raw as unknown as Http2ServerResponse).stream

const STOPPED_IN_HTTP2: Readonly<Record<string, Act>> = {
  'raw.stream.write': (raw) => streamOf(raw).write(FOREIGN),
  'raw.stream.end with bytes': (raw) => streamOf(raw).end(FOREIGN),
  'raw.write while it is corked': (raw) => {
    raw.cork()
    raw.write(FOREIGN)
    setImmediate(() => raw.uncork())
  },
  'a stream that is piped into raw.stream': (raw) =>
    Readable.from([Buffer.from(FOREIGN)]).pipe(streamOf(raw)),
}

const writeRaw = Reflect.get(ServerResponse.prototype, '_writeRaw')

/** Writes below the response, so that only the bytes after them can be stopped. */
const NOTICED_IN_HTTP1: Readonly<Record<string, Act>> = {
  'raw.socket.write': (raw) => raw.socket?.write(FOREIGN),
  'the write of the prototype': (raw) => Reflect.apply(ServerResponse.prototype.write, raw, [FOREIGN]),
  // Past the look of writeProcessing whether the head is out, which not every version of Node has.
  'an interim response': (raw) => Reflect.apply(writeRaw, raw, ['HTTP/1.1 102 Processing\r\n\r\n', 'latin1']),
}

interface Answer {
  readonly body: Buffer
  readonly how: 'whole' | 'cut'
}

async function overHttp1(port: number): Promise<Answer> {
  const client = await RawClient.connect(port)
  client.request('GET', '/')
  const head = await client.readHead()
  t.equal(head.status, 200)
  // One byte more than the answer has: bytes after an answer count too.
  const body = await client.readBytes(CONTENT.length)
  client.destroy()
  return { body, how: body.length === CONTENT.length ? 'whole' : 'cut' }
}

async function overHttp2(port: number): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  const stream = session.request({ ':path': '/' })
  const chunks: Buffer[] = []
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  return { body: Buffer.concat(chunks), how: stream.rstCode === 0 ? 'whole' : 'cut' }
}

const VERSIONS = { 'HTTP/1.1': overHttp1, 'HTTP/2': overHttp2 } as const
type Version = keyof typeof VERSIONS

/** Whether a hook of the application gets the payload. */
const HOOKS = ['no hook', 'a hook'] as const

interface How {
  readonly version: Version
  /** One that calls a function in the middle, or bytes in memory. */
  readonly source?: string
  readonly content?: Buffer
  readonly hook: string
  readonly onRequest?: Act
  readonly trailer?: (reply: FastifyReply) => Promise<string>
}

async function serveDuring(t: Test, act: Act, how: How) {
  const options = how.version === 'HTTP/2' ? { server: { http2: true } } : {}
  return serve(t, {
    ...options,
    routes(app) {
      app.addHook('onRequest', async (_request, reply) => void how.onRequest?.(reply.raw))
      if (how.hook === 'a hook') app.addHook('onSend', async (_request, _reply, payload) => payload)
      app.get('/', (_request, reply) => {
        const { trailer, content } = how
        if (trailer !== undefined) reply.trailer('x-sum', () => trailer(reply))
        const source =
          content === undefined
            ? SOURCES[how.source ?? '']?.(() => act(reply.raw))
            : bufferSource(content, { etag: '"v1"' })
        return reply.sendRange('x', source === undefined ? {} : { source })
      })
    },
  })
}

function warns({ log }: Served): boolean {
  return log.some(({ level, msg }) => level === 40 && msg.includes('reply.raw'))
}

function kinds(versions: readonly Version[]) {
  return versions.flatMap((version) =>
    Object.keys(SOURCES).flatMap((source) => HOOKS.map((hook) => ({ version, source, hook }))),
  )
}

for (const how of kinds(['HTTP/1.1', 'HTTP/2'])) {
  const acts = how.version === 'HTTP/2' ? { ...STOPPED, ...STOPPED_IN_HTTP2 } : STOPPED
  for (const [name, act] of Object.entries(acts)) {
    t.test(
      `${name} in an answer cuts it before a foreign byte (${Object.values(how).join(', ')})`,
      async (t) => {
        const served = await serveDuring(t, act, how)
        const answer = await VERSIONS[how.version](served.port)
        t.equal(answer.how, 'cut')
        sameBytes(t, answer.body, CONTENT.subarray(0, answer.body.length), 'every byte is one of the file')
        t.ok(warns(served), 'a warning says why')
      },
    )
  }
}

/** The bytes in the chunked coding that have arrived when the connection is closed. */
async function overHttp1InChunks(port: number): Promise<Answer> {
  const client = await RawClient.connect(port)
  client.request('GET', '/', ['Connection: close'])
  const head = await client.readHead()
  t.equal(head.fields.get('transfer-encoding'), 'chunked')
  let rest = await client.readBytes(2 * CONTENT.length)
  const chunks: Buffer[] = []
  for (;;) {
    const line = rest.indexOf('\r\n')
    const size = line < 0 ? Number.NaN : Number.parseInt(rest.subarray(0, line).toString(), 16)
    if (!(size > 0)) return { body: Buffer.concat(chunks), how: size === 0 ? 'whole' : 'cut' }
    chunks.push(rest.subarray(line + 2, line + 2 + size))
    rest = rest.subarray(line + 2 + size + 2)
  }
}

const WITH_TRAILERS = { 'HTTP/1.1': overHttp1InChunks, 'HTTP/2': overHttp2 } as const

for (const how of kinds(['HTTP/1.1', 'HTTP/2'])) {
  for (const [name, act] of Object.entries(STOPPED)) {
    t.test(`${name} cuts an answer that has trailers (${Object.values(how).join(', ')})`, async (t) => {
      const served = await serveDuring(t, act, { ...how, trailer: async () => 'sum' })
      const answer = await WITH_TRAILERS[how.version](served.port)
      t.equal(answer.how, 'cut')
      sameBytes(t, answer.body, CONTENT.subarray(0, answer.body.length), 'every byte is one of the file')
      t.ok(warns(served), 'a warning says why')
    })
  }
}

t.test('a body with trailers that a hook has destroyed is cut', async (t) => {
  for (const version of Object.keys(VERSIONS) as Version[]) {
    const { app, port } = await serve(t, {
      server: version === 'HTTP/2' ? { http2: true } : {},
      routes(app) {
        app.addHook('onSend', async (_request, _reply, payload) => (payload as Readable).destroy())
        app.get('/', (_request, reply) => {
          reply.trailer('x-sum', async () => 'sum')
          // Under a weak tag, nothing else says how long the body is.
          return reply.sendRange('x', { source: bufferSource(CONTENT, { etag: 'W/"v1"' }) })
        })
      },
    })
    const answer = await WITH_TRAILERS[version](port).catch(() => ({ how: 'cut' }))
    t.equal(answer.how, 'cut', version)
    await app.close()
  }
})

/** Writes that would go out between the body and the trailers. */
const BEFORE_TRAILERS: Readonly<Record<string, Act>> = {
  'raw.write': (raw) => raw.write(FOREIGN),
  'raw.end with bytes': (raw) => raw.end(FOREIGN),
}

for (const version of Object.keys(VERSIONS) as Version[]) {
  for (const hook of HOOKS) {
    for (const size of [1000, CONTENT.length]) {
      for (const [name, act] of Object.entries(BEFORE_TRAILERS)) {
        t.test(`${name} before the trailers cuts ${size} bytes (${version}, ${hook})`, async (t) => {
          const content = CONTENT.subarray(0, size)
          const trailer = async (reply: FastifyReply): Promise<string> => {
            await turns()
            act(reply.raw)
            return 'sum'
          }
          const { port } = await serveDuring(t, () => {}, { version, hook, trailer, content })
          const { body, how } = await WITH_TRAILERS[version](port)
          t.equal(how, 'cut')
          sameBytes(t, body, content.subarray(0, body.length), 'every byte is one of the file')
        })
      }
      t.test(`an answer with trailers is whole: ${size} bytes (${version}, ${hook})`, async (t) => {
        const content = CONTENT.subarray(0, size)
        const { port } = await serveDuring(t, () => {}, {
          version,
          hook,
          trailer: async () => 'sum',
          content,
        })
        const { body, how } = await WITH_TRAILERS[version](port)
        t.equal(how, 'whole')
        sameBytes(t, body, content)
      })
    }
  }
}

for (const how of kinds(['HTTP/1.1'])) {
  for (const [name, act] of Object.entries(NOTICED_IN_HTTP1)) {
    t.test(
      `${name} in an answer cuts it after the foreign bytes (${Object.values(how).join(', ')})`,
      async (t) => {
        const served = await serveDuring(t, act, how)
        const { body, how: end } = await overHttp1(served.port)
        t.equal(end, 'cut')
        let right = 0
        while (right < body.length && body[right] === CONTENT[right]) right++
        t.match(
          body.subarray(right, right + 100).toString(),
          /^(?:begun|HTTP\/1\.1 102 Processing\r\n\r\n)?$/,
        )
        t.ok(warns(served), 'a warning says why')
      },
    )
  }
}

/** Where a wrapper throws, and how often it was called by then. */
const THROWS = [
  { method: 'write', call: 2, versions: ['HTTP/1.1', 'HTTP/2'] },
  { method: 'write', call: 1, versions: ['HTTP/2'] },
  { method: 'writeHead', call: 1, versions: ['HTTP/2'] },
  // Over HTTP/1 the client has all bytes by then.
  { method: 'end', call: 1, versions: ['HTTP/2'] },
] as const

function throwAt(raw: Raw, { method, call }: Pick<(typeof THROWS)[number], 'method' | 'call'>): void {
  const original: unknown = Reflect.get(raw, method)
  if (typeof original !== 'function') return
  let calls = 0
  Reflect.set(raw, method, (...given: unknown[]) => {
    if (++calls === call) throw new Error('the wrapper')
    return Reflect.apply(original, raw, given)
  })
}

/** Sources whose every read takes as long as that of a disk: a first chunk goes out before the second is there. */
const SLOW_SOURCES: Readonly<Record<string, RangeSource>> = {
  readAt: {
    open: () => ({
      size: CONTENT.length,
      etag: '"v1"',
      async readAt(target, position) {
        await turns()
        target.set(CONTENT.subarray(position, position + target.length))
        return target.length
      },
      close() {},
    }),
  },
  read: {
    open: () => ({
      size: CONTENT.length,
      etag: '"v1"',
      async *read({ first, last }) {
        for (let at = first; at <= last; at += 20_000) {
          await turns()
          yield CONTENT.subarray(at, Math.min(last + 1, at + 20_000))
        }
      },
      close() {},
    }),
  },
}

for (const { version, source, hook } of kinds(['HTTP/1.1', 'HTTP/2'])) {
  for (const method of ['write', 'writeHead'] as const) {
    const name = `${method} (${version}, ${source}, ${hook})`
    t.test(`a wrapper that throws at the first ${name} cuts an answer with trailers`, async (t) => {
      const { port } = await serve(t, {
        server: version === 'HTTP/2' ? { http2: true } : {},
        routes(app) {
          app.addHook('onRequest', async (_request, { raw }) => throwAt(raw, { method, call: 1 }))
          if (hook === 'a hook') app.addHook('onSend', async (_request, _reply, payload) => payload)
          app.get('/', (_request, reply) => {
            reply.trailer('x-sum', async () => 'sum')
            return reply.sendRange('x', { source: SLOW_SOURCES[source] as RangeSource })
          })
        },
      })
      // It may be cut before its head.
      const answer = await WITH_TRAILERS[version](port).catch(() => undefined)
      t.not(answer?.how, 'whole')
    })
  }
}

for (const how of kinds(['HTTP/1.1', 'HTTP/2'])) {
  // Between a positional body and a socket of HTTP/1 there is no such wrapper: the bytes go out below it.
  if (how.version === 'HTTP/1.1' && how.source === 'readAt') continue
  t.test(
    `a wrapper that is set in an answer and throws cuts it (${Object.values(how).join(', ')})`,
    async (t) => {
      const served = await serveDuring(t, (raw) => throwAt(raw, { method: 'write', call: 1 }), how)
      const { body, how: end } = await VERSIONS[how.version](served.port)
      t.equal(end, 'cut')
      sameBytes(t, body, CONTENT.subarray(0, body.length), 'every byte is one of the file')
    },
  )
}

for (const wrapper of THROWS) {
  for (const how of kinds(wrapper.versions)) {
    const { method, call } = wrapper
    t.test(
      `a wrapper that throws at ${method} ${call} cuts an answer (${Object.values(how).join(', ')})`,
      async (t) => {
        const served = await serveDuring(t, () => {}, { ...how, onRequest: (raw) => throwAt(raw, wrapper) })
        const { body, how: end } = await VERSIONS[how.version](served.port)
        t.equal(end, 'cut')
        sameBytes(t, body, CONTENT.subarray(0, body.length), 'every byte is one of the file')
        t.ok(
          served.log.some(({ msg }) => msg.includes('a wrapper of the response has thrown')),
          'the log says why',
        )
      },
    )
  }
}

t.test(
  'a handler that writes what Node does not take gets the error, and the answer is complete',
  async (t) => {
    for (const how of kinds(['HTTP/1.1', 'HTTP/2'])) {
      let caught: unknown
      const act: Act = (raw) => {
        try {
          raw.write(5 as never)
        } catch (error) {
          caught = error
        }
      }
      const { port } = await serveDuring(t, act, how)
      const { body } = await VERSIONS[how.version](port)
      t.match(caught, { code: 'ERR_INVALID_ARG_TYPE' })
      sameBytes(t, body, CONTENT, Object.values(how).join(', '))
    }
  },
)

t.test('an answer without foreign bytes is complete', async (t) => {
  for (const how of kinds(['HTTP/1.1', 'HTTP/2'])) {
    const harmless: Act = (raw) => void raw.write('')
    const { port } = await serveDuring(t, harmless, how)
    const { body } = await VERSIONS[how.version](port)
    sameBytes(t, body, CONTENT, Object.values(how).join(', '))
  }
})
