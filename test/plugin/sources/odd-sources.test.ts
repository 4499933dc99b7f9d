import { bufferSource, type RangeSource, type Representation } from 'fastify-send-range'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve, until } from '../support/serve.ts'

const SIZE = 200_000

type Odd = Readonly<Record<string, unknown>>

function source(rest: Odd): RangeSource {
  return {
    open: () =>
      Object.defineProperties({ size: SIZE, etag: '"v"', close() {} }, descriptorsOf(rest)) as Representation,
  }
}

/** Keeps getters, which a spread would call. */
function descriptorsOf(rest: Odd): PropertyDescriptorMap {
  return Object.getOwnPropertyDescriptors(rest) as PropertyDescriptorMap
}

function throwing(thrown: unknown): () => never {
  return () => {
    throw thrown
  }
}

const THROWN: readonly unknown[] = [
  'text',
  undefined,
  null,
  0,
  Object.freeze({}),
  Object.create(null),
  Object.freeze(new Error('frozen')),
]

const before: { name: string; source: RangeSource; code?: string }[] = THROWN.flatMap((thrown, at) => [
  { name: `open throws, ${at}`, source: { open: throwing(thrown) } },
  { name: `open rejects, ${at}`, source: { open: () => Promise.reject(thrown) } },
  { name: `read throws, ${at}`, source: source({ read: throwing(thrown) }) },
  {
    name: `the first chunk rejects, ${at}`,
    source: source({
      read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(thrown) }) }),
    }),
  },
  {
    name: `a short readAt rejects, ${at}`,
    source: source({ size: 100, readAt: () => Promise.reject(thrown) }),
  },
])
before.push(
  { name: 'open gives null', source: { open: () => null as unknown as undefined }, code: 'ERR_RANGE_SOURCE' },
  {
    name: 'open gives a string',
    source: { open: () => 'x' as unknown as undefined },
    code: 'ERR_RANGE_SOURCE',
  },
  { name: 'neither read nor readAt', source: source({}), code: 'ERR_RANGE_SOURCE' },
  { name: 'read gives a string', source: source({ read: () => 'x'.repeat(SIZE) }), code: 'ERR_RANGE_SOURCE' },
  {
    name: 'next gives no object',
    source: source({ read: () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) }) }),
    code: 'ERR_RANGE_SOURCE',
  },
  {
    name: 'a getter that throws',
    source: source(
      Object.defineProperty({ read: () => [] }, 'size', { get: throwing('text'), enumerable: true }),
    ),
    code: 'ERR_RANGE_SOURCE',
  },
  {
    name: 'cached gives a Uint16Array',
    source: source({ size: 4, readAt: async () => 0, cached: () => new Uint16Array(4) }),
    code: 'ERR_RANGE_SOURCE',
  },
  {
    name: 'cached gives too few bytes',
    source: source({ size: 4, readAt: async () => 0, cached: () => new Uint8Array(3) }),
    code: 'ERR_RANGE_LENGTH',
  },
  ...[4n, 0n, -1n].map((count) => ({
    name: `readAt gives the BigInt ${count}`,
    source: source({ size: 4, readAt: async () => count }),
    code: 'ERR_RANGE_LENGTH',
  })),
  {
    name: 'empty chunks without end, at once',
    source: source({
      *read() {
        for (;;) yield new Uint8Array(0)
      },
    }),
    code: 'ERR_RANGE_SOURCE',
  },
  {
    name: 'empty chunks without end, awaited',
    source: source({
      async *read() {
        for (;;) yield new Uint8Array(0)
      },
    }),
    code: 'ERR_RANGE_SOURCE',
  },
)

t.test('a method that is not a function is a 500 with a code, for every request', async (t) => {
  for (const name of ['cached', 'offerToCache', 'unchanged', 'readAt']) {
    for (const given of [null, 5, 'x', new Uint8Array(SIZE)]) {
      const readAt = async (target: Uint8Array): Promise<number> => target.length
      const { app } = await serve(t, { plugin: { source: source({ readAt, [name]: given }) } })
      for (const range of ['bytes=5-99', 'bytes=0-1,9-10', 'bytes=0-'])
        t.match((await app.inject({ url: '/x', headers: { range } })).json(), {
          statusCode: 500,
          code: 'ERR_RANGE_SOURCE',
        })
    }
  }
})

t.test('a readAt that is undefined counts as left out', async (t) => {
  const odd = source({ size: 4, readAt: undefined, read: () => [Uint8Array.of(1, 2, 3, 4)] })
  const { app } = await serve(t, { plugin: { source: odd } })
  t.strictSame([...(await app.inject('/x')).rawPayload], [1, 2, 3, 4])
})

t.test('a source that breaks the contract before its first byte is a 500 with a code', async (t) => {
  for (const { name, source, code } of before) {
    const { app } = await serve(t, { plugin: { source } })
    const answer = await app.inject('/x')
    t.equal(answer.statusCode, 500, name)
    if (code !== undefined) t.equal(answer.json().code, code, name)
    t.equal(answer.headers['etag'], undefined, name)
  }
})

t.test('a rejection that is not an Error cuts an answer whose head was sent', async (t) => {
  for (const thrown of THROWN) {
    const broken = source({
      async *read() {
        yield new Uint8Array(10)
        yield new Uint8Array(10)
        await new Promise((resolve) => setTimeout(resolve, 5))
        throw thrown
      },
    })
    const { port, errors } = await serve(t, { plugin: { source: broken } })
    const client = await RawClient.connect(port)
    const { status, complete } = await client.exchange('GET', '/x')
    t.equal(status, 200)
    t.equal(complete, false)
    t.strictSame(errors(), [])
  }
})

t.test('an answer neither waits for close nor fails because of it', async (t) => {
  for (const close of [() => new Promise(() => {}), throwing('text'), () => Promise.reject(null)]) {
    let closed = 0
    const odd = source({
      *read({ first, last }: { first: number; last: number }) {
        yield new Uint8Array(last - first + 1)
      },
      close: () => {
        closed++
        return close()
      },
    })
    const { app } = await serve(t, { plugin: { source: odd } })
    t.equal((await app.inject('/x')).rawPayload.length, SIZE)
    t.equal((await app.inject({ method: 'HEAD', url: '/x' })).statusCode, 200)
    t.equal((await app.inject({ url: '/x', headers: { 'if-none-match': '*' } })).statusCode, 304)
    t.equal((await app.inject({ url: '/x', headers: { range: 'bytes=900000-' } })).statusCode, 416)
    await until(() => closed === 4)
  }
})

t.test('an iterator may have no return, or one that throws', async (t) => {
  for (const rest of [{}, { return: throwing('text') }]) {
    let left = 2
    let closed = 0
    const odd = source({
      read: () => ({
        [Symbol.asyncIterator]: () => ({
          next: async () => (left-- > 0 ? { done: false, value: new Uint8Array(10) } : new Promise(() => {})),
          ...rest,
        }),
      }),
      close: () => {
        closed++
      },
    })
    const { port } = await serve(t, { plugin: { source: odd } })
    const client = await RawClient.connect(port)
    client.request('GET', '/x')
    await client.readHead()
    client.destroy()
    t.equal(closed, 0, 'a read that has not settled delays the close')
  }
})

t.test('chunks of many MiB are sent whole', async (t) => {
  const size = 5_000_001
  const content = Buffer.alloc(size, 'abcdefg')
  const large = source({
    size,
    *read({ first, last }: { first: number; last: number }) {
      yield content.subarray(first, last + 1)
    },
  })
  const { port } = await serve(t, { plugin: { source: large } })
  const client = await RawClient.connect(port)
  sameBytes(t, (await client.exchange('GET', '/x')).body, content)
  sameBytes(
    t,
    (await client.exchange('GET', '/x', ['Range: bytes=7-4000000'])).body,
    content.subarray(7, 4_000_001),
  )
  client.destroy()
})

t.test('bufferSource refuses anything but a Uint8Array', async (t) => {
  for (const given of [Uint16Array.of(1), 'text', null, new ArrayBuffer(4)])
    t.throws(() => bufferSource(given as unknown as Uint8Array, { etag: '"v"' }), {
      code: 'ERR_RANGE_OPTION',
    })
  const shared = new Uint8Array(new SharedArrayBuffer(300_000)).fill(5)
  const { app } = await serve(t, { plugin: { source: bufferSource(shared, { etag: '"v"' }) } })
  for (const range of ['bytes=0-9', 'bytes=0-299999', 'bytes=0-1, 9-10'])
    t.equal((await app.inject({ url: '/x', headers: { range } })).statusCode, 206)
})
