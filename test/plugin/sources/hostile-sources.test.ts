import { once } from 'node:events'
import { ReadableStream } from 'node:stream/web'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RangeSource, Representation, StreamedRepresentation } from 'fastify-send-range'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve, until } from '../support/serve.ts'

const SIZE = 200_000
/** Too much to be read at once, and where in it a source breaks: in a later read than the first. */
const LARGE = 5 * 1024 * 1024
const BREAK = 2_000_000

type Read = StreamedRepresentation['read']

function streamed(read: Read, rest: Partial<Representation> = {}): RangeSource {
  return { open: () => ({ size: SIZE, etag: '"v"', read, close() {}, ...rest }) }
}

function positional(readAt: (target: Uint8Array, position: number) => unknown, size = LARGE): RangeSource {
  return { open: () => ({ size, etag: '"v"', readAt, close() {} }) as Representation }
}

const bytes = (count: number): Uint8Array => new Uint8Array(count)
const fail = (): never => {
  throw new Error('the source broke')
}

/** Sources that break after the head has gone out: the client must see a cut connection. */
const CUT: readonly { name: string; source: RangeSource }[] = [
  { name: 'one long chunk, too short', source: streamed(({ first, last }) => [bytes(last - first)]) },
  {
    name: 'fewer bytes in several chunks',
    source: streamed(function* ({ first, last }) {
      yield bytes(10)
      yield bytes(last - first - 10)
    }),
  },
  {
    name: 'one byte more than asked, in its last chunk',
    source: streamed(function* ({ first, last }) {
      yield bytes(10)
      yield bytes(10)
      yield bytes(last - first + 1 - 19)
    }),
  },
  {
    name: 'more chunks than asked',
    source: streamed(function* ({ first, last }) {
      yield bytes(10)
      yield bytes(last - first + 1 - 10)
      yield bytes(1)
    }),
  },
  {
    name: 'no end of bytes',
    source: streamed(function* () {
      for (;;) yield bytes(1000)
    }),
  },
  {
    name: 'an error in the middle',
    source: streamed(async function* () {
      yield bytes(10)
      yield bytes(10)
      await sleep(5)
      fail()
    }),
  },
  {
    name: 'strings instead of bytes',
    source: streamed(function* () {
      yield bytes(10)
      yield bytes(10)
      yield 'ü'.repeat(SIZE - 20) as unknown as Uint8Array
    }),
  },
  {
    name: 'readAt ends early',
    source: positional((target, position) => Promise.resolve(position < BREAK ? target.length : 0)),
  },
  {
    name: 'readAt reports more bytes than the target has',
    source: positional((target, position) =>
      Promise.resolve(position < BREAK ? target.length : target.length + 1),
    ),
  },
  {
    name: 'readAt returns something else than a number',
    source: positional((target, position) => Promise.resolve(position < BREAK ? target.length : undefined)),
  },
  {
    name: 'readAt fails late',
    source: positional((target, position) =>
      position < BREAK ? Promise.resolve(target.length) : Promise.reject(new Error('the source broke')),
    ),
  },
  {
    name: 'readAt throws',
    source: positional((target, position) => (position < BREAK ? Promise.resolve(target.length) : fail())),
  },
  {
    name: 'another version by the end',
    source: streamed(
      function* ({ first, last }) {
        yield bytes(10)
        yield bytes(last - first + 1 - 10)
      },
      { unchanged: async () => false },
    ),
  },
  {
    name: 'unchanged fails',
    source: streamed(
      function* ({ first, last }) {
        yield bytes(10)
        yield bytes(last - first + 1 - 10)
      },
      { unchanged: () => Promise.reject(new Error('the source broke')) },
    ),
  },
]

for (const http2 of [false, true]) {
  t.test(
    `a source that fails after its first bytes cuts the answer (${http2 ? 'HTTP/2' : 'HTTP/1.1'})`,
    async (t) => {
      for (const { name, source } of CUT) {
        const { port, errors } = await serve(t, { plugin: { source }, server: http2 ? { http2 } : {} })
        if (http2) t.equal(await howHttp2Ends(port), 'cut', name)
        else {
          const client = await RawClient.connect(port)
          const answer = await client.exchange('GET', '/x')
          t.equal(answer.complete, false, name)
          t.equal(answer.status, 200)
          t.equal(await client.drain(), 0)
        }
        t.strictSame(errors(), [], 'the connection is over: a warning says why, not an error')
      }
    },
  )
}

async function howHttp2Ends(port: number): Promise<'whole' | 'cut'> {
  const { connect } = await import('node:http2')
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': '/x' })
  stream.on('error', () => {})
  stream.resume()
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  return stream.rstCode === 0 ? 'whole' : 'cut'
}

const coded = Object.assign(new Error('not today'), { statusCode: 503 })

/** Sources that break before the head: the error handler answers, without a field of the representation. */
const ANSWERED: readonly { name: string; source: RangeSource; status: number }[] = [
  { name: 'open throws', source: { open: fail }, status: 500 },
  {
    name: 'open rejects',
    source: { open: () => Promise.reject(new Error('the source broke')) },
    status: 500,
  },
  { name: 'open rejects with a status', source: { open: () => Promise.reject(coded) }, status: 503 },
  { name: 'open gives nothing', source: { open: () => undefined }, status: 404 },
  { name: 'no size', source: positional(() => 0, Number.NaN), status: 500 },
  { name: 'a negative size', source: positional(() => 0, -1), status: 500 },
  { name: 'a size of half a byte', source: positional(() => 0, 1.5), status: 500 },
  { name: 'a size beyond 2^53', source: positional(() => 0, 2 ** 53), status: 500 },
  { name: 'an etag without quotes', source: streamed(() => [], { etag: 'v' }), status: 500 },
  { name: 'an etag with a line break', source: streamed(() => [], { etag: '"a\r\nb"' }), status: 500 },
  { name: 'read throws', source: streamed(fail), status: 500 },
  {
    name: 'read returns a value that is not iterable',
    source: streamed((() => undefined) as unknown as Read),
    status: 500,
  },
  {
    name: 'the first chunk rejects',
    source: streamed(async function* () {
      await sleep(5)
      yield fail()
    }),
    status: 500,
  },
  { name: 'no bytes at all', source: streamed(() => []), status: 500 },
  {
    name: 'one chunk, too short',
    source: streamed(({ first, last }) => [bytes(last - first)], { size: 50_000 }),
    status: 500,
  },
  {
    name: 'one chunk, too long',
    source: streamed(({ first, last }) => [bytes(last - first + 2)]),
    status: 500,
  },
  { name: 'readAt throws', source: positional(fail), status: 500 },
  { name: 'readAt throws for a small one', source: positional(fail, 100), status: 500 },
  { name: 'a small one ends early', source: positional(() => Promise.resolve(0), 100), status: 500 },
  {
    name: 'a small one has more',
    source: positional((target) => Promise.resolve(target.length + 1), 100),
    status: 500,
  },
]

t.test('the error handler answers if a source fails before its first byte', async (t) => {
  for (const { name, source, status } of ANSWERED) {
    const { app } = await serve(t, { plugin: { source, cacheControl: 'max-age=9', download: 'name.bin' } })
    const answer = await app.inject('/x')
    t.equal(answer.statusCode, status, name)
    t.match(answer.headers['content-type'], 'application/json', name)
    for (const field of ['etag', 'accept-ranges', 'cache-control', 'content-disposition', 'content-range']) {
      t.equal(answer.headers[field], undefined, `${name}: ${field}`)
    }
    t.equal(Number(answer.headers['content-length']), answer.body.length)
  }
})

t.test('the signal of a source is aborted when its client leaves', async (t) => {
  const aborted: string[] = []
  let closed = 0
  const hanging = (signal: AbortSignal, where: string): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted.push(where)
        reject(signal.reason)
      })
    })
  const source: RangeSource = {
    open: (path, { signal }) =>
      path === 'open'
        ? hanging(signal, 'open')
        : {
            size: SIZE,
            async *read(_range, signal) {
              if (path === 'later') yield bytes(10)
              if (path === 'later') yield bytes(10)
              await hanging(signal, path)
            },
            close: () => {
              closed++
            },
          },
  }
  const { port, errors } = await serve(t, { plugin: { source } })
  for (const path of ['open', 'first', 'later']) {
    const client = await RawClient.connect(port)
    client.request('GET', `/${path}`)
    if (path === 'later') await client.readHead()
    else await sleep(20)
    client.destroy()
    await until(() => aborted.includes(path))
  }
  await until(() => closed === 2)
  t.strictSame(aborted, ['open', 'first', 'later'])

  const pipelined = await RawClient.connect(port)
  for (const path of ['first', 'open']) pipelined.request('GET', `/${path}`)
  await sleep(20)
  pipelined.destroy()
  await until(() => aborted.length === 4)
  t.strictSame(aborted.slice(3), ['first'], 'a request that was queued behind another was never opened')
  t.strictSame(
    errors().filter(({ err }) => err?.code !== 'ABORT_ERR' && err !== undefined),
    [],
  )
})

t.test('a representation is closed that a source opens after the client has left', async (t) => {
  let closed = 0
  const source: RangeSource = {
    async open(_path, { signal }) {
      await once(signal, 'abort')
      await sleep(5)
      return {
        size: SIZE,
        *read() {
          yield bytes(SIZE)
        },
        close: () => {
          closed++
        },
      }
    },
  }
  const { port, errors } = await serve(t, { plugin: { source } })
  for (let turn = 0; turn < 5; turn++) {
    const client = await RawClient.connect(port)
    client.request('GET', '/x')
    await sleep(5)
    client.destroy()
  }
  await until(() => closed === 5)
  t.strictSame(errors(), [])
})

t.test('a close that fails is logged, and the answer is whole', async (t) => {
  for (const close of [fail, () => Promise.reject(new Error('late'))]) {
    const source: RangeSource = {
      open: () => ({
        size: SIZE,
        *read({ first, last }) {
          yield bytes(last - first + 1)
        },
        close,
      }),
    }
    const { app } = await serve(t, { plugin: { source } })
    t.equal((await app.inject('/x')).body.length, SIZE)
    t.equal((await app.inject({ url: '/x', headers: { range: 'bytes=1-2' } })).statusCode, 206)
  }
})

t.test('a source may return streams of Node and of the web', async (t) => {
  const content = Buffer.alloc(SIZE, 'abcdef')
  const source = streamed(({ first, last }) =>
    ReadableStream.from([content.subarray(first, first + 10), content.subarray(first + 10, last + 1)]),
  )
  const { app } = await serve(t, { plugin: { source } })
  sameBytes(t, (await app.inject('/x')).rawPayload, content)
  const part = await app.inject({ url: '/x', headers: { range: 'bytes=100-199' } })
  sameBytes(t, part.rawPayload, content.subarray(100, 200))
})
