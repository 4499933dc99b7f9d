import { connect } from 'node:http2'
import { PassThrough, Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { FastifyInstance, FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const CONTENT = numberedLines(300_000)
const THROWN = 'a wrapper of the response has thrown in an answer of sendRange, and it was cut'

type Raw = FastifyReply['raw']

/** What a hook puts in the place of a body. */
const REPLACEMENTS = {
  'a stream': (payload: unknown) => (payload as Readable).pipe(new PassThrough()),
  'a web stream': (payload: unknown) =>
    Readable.toWeb((payload as Readable).pipe(new PassThrough())) as ReadableStream,
} as const

/** How a wrapper fails. */
const FAILURES = {
  throws: (): unknown => {
    throw new Error('the wrapper')
  },
  'throws after the write': (write: () => unknown): unknown => {
    write()
    throw new Error('the wrapper')
  },
  rejects: (): unknown => Promise.reject(new Error('the wrapper')),
} as const
type Failure = keyof typeof FAILURES

async function readWhole(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

interface Wrapper {
  readonly method: 'write' | 'end' | 'writeHead'
  readonly call: number
  readonly failure: Failure
}

function wrap(raw: Raw, { method, call, failure }: Wrapper): void {
  const original = Reflect.get(raw, method) as (...given: unknown[]) => unknown
  let calls = 0
  Reflect.set(raw, method, (...given: unknown[]) => {
    const pass = (): unknown => Reflect.apply(original, raw, given)
    return ++calls === call ? FAILURES[failure](pass) : pass()
  })
}

interface Answer {
  readonly body: Buffer
  readonly end: 'whole' | 'cut'
}

/** What arrives of an answer until the connection closes, and of the head of the next one. */
async function overHttp1(port: number, path: string): Promise<Answer> {
  const client = await RawClient.connect(port)
  client.request('GET', path)
  const head = await client.readHead().catch(() => undefined)
  const length = Number(head?.fields.get('content-length') ?? CONTENT.length)
  const body = head === undefined ? Buffer.alloc(0) : await client.readBytes(length)
  client.destroy()
  return { body, end: head !== undefined && body.length === length ? 'whole' : 'cut' }
}

async function overHttp2(port: number, path: string): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  const stream = session.request({ ':path': path })
  const chunks: Buffer[] = []
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  return { body: Buffer.concat(chunks), end: stream.rstCode === 0 ? 'whole' : 'cut' }
}

const VERSIONS = { 'HTTP/1.1': overHttp1, 'HTTP/2': overHttp2 } as const
type Version = keyof typeof VERSIONS

async function ask(
  t: Test,
  path: string,
  { version, routes }: { version: Version; routes: (app: FastifyInstance) => void },
) {
  const root = t.testdir({ file: CONTENT, empty: '' })
  const { port, log } = await serve(t, {
    plugin: { root },
    server: version === 'HTTP/2' ? { http2: true } : {},
    routes(app) {
      routes(app)
      app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
    },
  })
  const answer = await VERSIONS[version](port, path)
  return { ...answer, isLogged: log.some(({ msg }) => msg === THROWN) }
}

const versions = Object.keys(VERSIONS) as readonly Version[]

/** A write or an end that fails in the middle of a body, or at its end. */
const IN_A_BODY: readonly Wrapper[] = [
  { method: 'write', call: 1, failure: 'throws' },
  { method: 'write', call: 2, failure: 'throws' },
  { method: 'write', call: 2, failure: 'throws after the write' },
  { method: 'end', call: 1, failure: 'throws' },
]

for (const [name, replace] of Object.entries(REPLACEMENTS)) {
  for (const wrapper of IN_A_BODY) {
    t.test(`${name} of a hook is cut if ${wrapper.method} ${wrapper.call} ${wrapper.failure}`, async (t) => {
      for (const version of versions) {
        const { body, end, isLogged } = await ask(t, '/file', {
          version,
          routes(app) {
            app.addHook('onRequest', async (_request, { raw }) => wrap(raw, wrapper))
            app.addHook('onSend', async (_request, _reply, payload) => replace(payload))
          },
        })
        t.equal(end, 'cut', version)
        sameBytes(t, body, CONTENT.subarray(0, body.length), 'every byte is one of the file')
        t.ok(isLogged, 'the log says why')
      }
    })
  }
}

t.test(
  'a wrapper below all guards that rejects cuts what a hook has put in the place of a body',
  async (t) => {
    const replacements = {
      ...REPLACEMENTS,
      'a Buffer': (payload: unknown) => readWhole(payload as Readable),
    }
    for (const [name, replace] of Object.entries(replacements)) {
      for (const method of ['write', 'end'] as const) {
        if (name === 'a Buffer' && method === 'write') continue
        for (const version of versions) {
          const { end, isLogged } = await ask(t, '/file', {
            version,
            routes(app) {
              app.addHook('onRequest', async (_request, { raw }) =>
                wrap(raw, { method, call: 1, failure: 'rejects' }),
              )
              app.addHook('onSend', async (_request, _reply, payload) => replace(payload))
            },
          })
          t.equal(end, 'cut', `${name}, ${method}, ${version}`)
          t.ok(isLogged, 'the log says why')
        }
      }
    }
  },
)

t.test('a wrapper of the hook that has replaced the body throws, and the answer is cut', async (t) => {
  for (const version of versions) {
    for (const failure of Object.keys(FAILURES) as Failure[]) {
      const { body, end, isLogged } = await ask(t, '/file', {
        version,
        routes(app) {
          app.addHook('onSend', async (_request, { raw }, payload) => {
            wrap(raw, { method: 'write', call: 2, failure })
            return REPLACEMENTS['a stream'](payload)
          })
        },
      })
      t.equal(end, 'cut', `${version}, ${failure}`)
      sameBytes(t, body, CONTENT.subarray(0, body.length), 'every byte is one of the file')
      t.ok(isLogged, 'the log says why')
    }
  }
})

t.test(
  'an empty file, or web stream of a hook, is cut if a wrapper throws before its head is out',
  async (t) => {
    for (const version of versions) {
      for (const [method, isReplaced] of [
        ['end', false],
        ['end', true],
        ['writeHead', false],
        ['writeHead', true],
      ] as const) {
        const { end, isLogged } = await ask(t, '/empty', {
          version,
          routes(app) {
            app.addHook('onRequest', async (_request, { raw }) =>
              wrap(raw, { method, call: 1, failure: 'throws' }),
            )
            if (!isReplaced) return
            app.addHook('onSend', async (_request, _reply, payload) =>
              REPLACEMENTS['a web stream'](payload ?? Readable.from([])),
            )
          },
        })
        t.equal(end, 'cut', `${version}, ${method}, ${isReplaced ? 'a web stream' : 'a file'}`)
        t.ok(isLogged, 'the log says why')
      }
    }
  },
)

t.test('a wrapper that rejects while our own body goes out cuts it', async (t) => {
  for (const version of versions) {
    const { body, end, isLogged } = await ask(t, '/file', {
      version,
      routes(app) {
        app.addHook('onRequest', async (_request, { raw }) =>
          wrap(raw, { method: 'write', call: 2, failure: 'rejects' }),
        )
      },
    })
    t.equal(end, 'cut', version)
    sameBytes(t, body, CONTENT.subarray(0, body.length), 'every byte is one of the file')
    t.ok(isLogged, 'the log says why')
  }
})

t.test('a stream of a hook that yields what is not bytes is cut', async (t) => {
  for (const version of versions) {
    const { end, isLogged } = await ask(t, '/file', {
      version,
      routes(app) {
        app.addHook('onSend', async () => Readable.from([CONTENT.subarray(0, 70_000), { not: 'bytes' }]))
      },
    })
    t.equal(end, 'cut', version)
    t.ok(isLogged, 'the log says why')
  }
})

t.test('a stream of a hook that nothing disturbs is whole', async (t) => {
  for (const version of versions) {
    const { body, end } = await ask(t, '/file', {
      version,
      routes(app) {
        app.addHook('onSend', async (_request, _reply, payload) => REPLACEMENTS['a stream'](payload))
      },
    })
    t.equal(end, 'whole', version)
    sameBytes(t, body, CONTENT, version)
  }
})
