import { PassThrough, Readable, Transform } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { type Answer, RawClient } from '../support/raw-client.ts'
import { serve, until } from '../support/serve.ts'

const SMALL = numberedLines(1000)
const LARGE = numberedLines(1024 * 1024)
const FILES: Readonly<Record<string, Buffer>> = { 'small.txt': SMALL, 'large.txt': LARGE }

type Payload = Buffer | Readable
type Hook = (payload: Payload, reply: FastifyReply) => unknown

async function serveBehind(t: Test, hook: Hook): Promise<number> {
  const root = t.testdir({ ...FILES })
  const { port } = await serve(t, {
    plugin: { root },
    routes(app: FastifyInstance) {
      app.addHook('onSend', async (_request, reply, payload) => {
        const isOurs = Buffer.isBuffer(payload) || payload instanceof Readable
        return isOurs ? hook(payload, reply) : payload
      })
      app.get('/sentinel', async () => 'still here')
      app.get<{ Params: { '*': string } }>('/f/*', (request, reply) => reply.sendRange(request.params['*']))
    },
  })
  return port
}

interface Seen {
  /** Undefined if the connection was cut before the end of the head. */
  readonly answer: Answer | undefined
  /** The next answer on the connection. */
  readonly next: 'still here' | 'nothing' | 'something else'
}

async function ask(port: number, file: string, lines: readonly string[] = []): Promise<Seen> {
  const client = await RawClient.connect(port)
  try {
    client.request('GET', `/f/${file}`, lines)
    client.request('GET', '/sentinel')
    const answer = await client.readAnswer('GET').catch(() => undefined)
    if (answer === undefined || !answer.complete) return { answer, next: 'nothing' }
    const next = await client.readAnswer('GET').catch(() => undefined)
    if (next === undefined) return { answer, next: 'nothing' }
    return { answer, next: next.body.toString() === 'still here' ? 'still here' : 'something else' }
  } finally {
    client.destroy()
  }
}

const stream = (payload: Payload): Readable => (Buffer.isBuffer(payload) ? Readable.from([payload]) : payload)

const lose = (count: number): Transform => {
  let held = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const all = Buffer.concat([held, chunk])
      held = all.subarray(Math.max(0, all.length - count))
      done(null, all.subarray(0, all.length - held.length))
    },
  })
}
const add = (text: string): Transform =>
  new Transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    flush: (done) => done(null, Buffer.from(text)),
  })
const NEXT = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL'

/** Hooks that replace our bytes and leave the fields. */
const LIES: Readonly<Record<string, Hook>> = {
  'a shorter stream': (payload) => stream(payload).pipe(lose(1)),
  'a much shorter stream': (payload) => stream(payload).pipe(lose(500)),
  'an empty stream': () => Readable.from([]),
  'a longer stream': (payload) => stream(payload).pipe(add('x')),
  'a longer stream that looks like an answer': (payload) => stream(payload).pipe(add(NEXT)),
  'a web stream': (payload) =>
    new Response(Readable.toWeb(stream(payload).pipe(lose(1))) as ReadableStream).body,
  'a lower content-length': (payload, reply) => {
    reply.header('content-length', 5)
    return stream(payload).pipe(new PassThrough())
  },
  'a higher content-length': (payload, reply) => {
    reply.header('content-length', 2_000_000)
    return stream(payload).pipe(new PassThrough())
  },
}

for (const [name, hook] of Object.entries(LIES)) {
  for (const [file, content] of Object.entries(FILES)) {
    for (const range of [undefined, 'bytes=0-599']) {
      t.test(
        `an answer contains no other answer when a hook replaces it (${name}, ${file}, ${range ?? 'whole'})`,
        async (t) => {
          const port = await serveBehind(t, hook)
          const { answer, next } = await ask(port, file, range === undefined ? [] : [`Range: ${range}`])
          t.not(next, 'something else')
          if (answer?.complete !== true) return
          const whole = range === undefined ? content : content.subarray(0, 600)
          t.ok(answer.status >= 500 || answer.body.equals(whole), 'complete: every byte')
        },
      )
    }
  }
}

t.test('a stream of the same length that replaces ours is sent with our fields', async (t) => {
  const port = await serveBehind(t, (payload) => stream(payload).pipe(new PassThrough()))
  for (const [file, content] of Object.entries(FILES)) {
    const { answer, next } = await ask(port, file)
    sameBytes(t, answer?.body, content)
    t.match(answer?.fields.get('etag'), /^"/)
    t.equal(next, 'still here')
  }
})

t.test(
  'a longer stream without Content-Length is sent with a weak tag for a file, and cut for a range',
  async (t) => {
    const port = await serveBehind(t, (payload, reply) => {
      reply.removeHeader('content-length')
      return stream(payload).pipe(add('x'))
    })
    for (const [file, content] of Object.entries(FILES)) {
      const answer = await fetch(`http://127.0.0.1:${port}/f/${file}`)
      t.equal(answer.headers.get('transfer-encoding'), 'chunked')
      t.match(answer.headers.get('etag'), /^W\//)
      t.notOk(answer.headers.has('accept-ranges'))
      sameBytes(t, Buffer.from(await answer.arrayBuffer()), Buffer.concat([content, Buffer.from('x')]))
      const range = await ask(port, file, ['Range: bytes=0-599'])
      t.not(range.answer?.complete, true)
      t.equal(range.next, 'nothing')
    }
  },
)

t.test('a range that a hook replaces with a text is cut', async (t) => {
  for (const text of ['replaced', '', 'x'.repeat(600)]) {
    const port = await serveBehind(t, () => text)
    for (const file of Object.keys(FILES)) {
      const { answer } = await ask(port, file, ['Range: bytes=0-599'])
      t.not(answer?.complete, true, `${text.length} bytes for ${file}`)
    }
  }
})

t.test('a file that a hook replaces with a text is sent without the strong tag and the ranges', async (t) => {
  const port = await serveBehind(t, () => 'replaced')
  for (const file of Object.keys(FILES)) {
    const { answer, next } = await ask(port, file)
    t.equal(answer?.status, 200)
    t.equal(answer?.body.toString(), 'replaced')
    t.notMatch(answer?.fields.get('etag') ?? '', /^"/)
    t.notOk(answer?.fields.has('accept-ranges'))
    t.equal(next, 'still here')
  }
})

t.test('an answer is cut when a hook swaps the statuses 200 and 206', async (t) => {
  const swap: Hook = (payload, reply) => {
    reply.code(reply.statusCode === 206 ? 200 : 206)
    return payload
  }
  const port = await serveBehind(t, swap)
  for (const file of Object.keys(FILES)) {
    for (const lines of [[], ['Range: bytes=0-599'], ['Range: bytes=0-99,400-499']]) {
      const { answer } = await ask(port, file, lines)
      t.not(answer?.complete, true, `${file} ${lines}`)
    }
  }
})

t.test('an answer that a hook makes an error has no field of the file', async (t) => {
  const port = await serveBehind(t, (_payload, reply) => {
    reply.code(403)
    return 'no'
  })
  for (const file of Object.keys(FILES)) {
    for (const lines of [[], ['Range: bytes=0-599']]) {
      const { answer, next } = await ask(port, file, lines)
      t.equal(answer?.status, 403)
      t.equal(answer?.body.toString(), 'no')
      t.notOk(answer?.fields.has('etag'), 'the tag is of the file')
      t.notOk(answer?.fields.has('content-range'))
      t.equal(next, 'still here')
    }
  }
})

t.test('a hook that reads the first bytes and puts them back sends every byte', async (t) => {
  const port = await serveBehind(t, async (payload) => {
    if (Buffer.isBuffer(payload)) return payload
    await new Promise((resolve) => payload.once('readable', resolve))
    const first: unknown = payload.read(100)
    if (first instanceof Buffer) payload.unshift(first)
    return payload
  })
  for (const [file, content] of Object.entries(FILES)) {
    const { answer, next } = await ask(port, file)
    sameBytes(t, answer?.body, content)
    t.equal(next, 'still here')
  }
})

t.test('two pipes into one response send every byte once, or it is cut', async (t) => {
  for (const hook of [
    (payload: Payload, reply: FastifyReply) => {
      if (payload instanceof Readable) payload.pipe(reply.raw)
      return payload
    },
    (payload: Payload, reply: FastifyReply) => {
      if (payload instanceof Readable)
        setTimeout(() => {
          payload.unpipe(reply.raw)
          payload.pipe(reply.raw)
        }, 1)
      return payload
    },
  ]) {
    const port = await serveBehind(t, hook)
    const { answer, next } = await ask(port, 'large.txt')
    t.not(next, 'something else')
    t.ok(answer?.complete !== true || answer.status >= 500 || answer.body.equals(LARGE))
  }
})

t.test('an answer whose hook returns the stream of an earlier answer is cut', async (t) => {
  for (const hook of [
    (payload: Payload): unknown => payload,
    (): unknown => 'replaced',
    () => {
      throw new Error('of the hook')
    },
  ]) {
    let kept: Payload | undefined
    const port = await serveBehind(t, (payload) => {
      if (kept !== undefined) return kept
      kept = payload
      return hook(payload)
    })
    t.ok((await ask(port, 'large.txt')).answer?.complete)
    const { answer, next } = await ask(port, 'large.txt')
    t.equal(answer, undefined)
    t.equal(next, 'nothing')
  }
})

t.test('an answer without a length that other code ends before our body was read is cut', async (t) => {
  for (const text of [undefined, 'text']) {
    for (const end of ['early', 'late'] as const) {
      const { port } = await serve(t, {
        plugin: {},
        routes(app) {
          app.addHook('onSend', async (_request, reply, payload) => {
            reply.removeHeader('content-length')
            return (payload as Readable).pipe(new PassThrough())
          })
          app.get('/', (_request, reply) => reply.sendRange('x', { source: endedBy(reply) }))
          function endedBy({ raw }: FastifyReply): RangeSource {
            return {
              open: () => ({
                size: 12,
                etag: '"12"',
                async *read() {
                  yield Buffer.from('part')
                  yield Buffer.from('part')
                  await until(() => raw.headersSent)
                  if (end === 'early') raw.end(text)
                  yield Buffer.from('part')
                },
                close() {},
              }),
            }
          }
        },
      })
      const whole = fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text())
      t.equal(await whole.catch(() => 'cut'), end === 'late' ? 'partpartpart' : 'cut', `${end}, ${text}`)
    }
  }
})
