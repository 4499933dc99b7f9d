import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  type ByteRange,
  bufferSource,
  type RangeSource,
  type Representation,
  SendRangeError,
} from 'fastify-send-range'
import { sourceContract } from 'fastify-send-range/contract'
import t from 'tap'
import { numberedLines } from '../support/numbered-lines.ts'

const CONTENT = numberedLines(400_000)

type Broken = (representation: Representation & Record<string, unknown>) => object

const DESCRIPTION = 'the description of a representation can be sent'
const RANGES = 'every range has the right bytes, one after the other'
const KEPT = 'bytes that were given stay as they are'
const LEAVING = 'all is closed if clients leave in the middle of their answers'
const ANSWERS = 'answers have the right status, fields and bytes, and all is closed'

/** Sources that break the contract in one way, and a case that says so. */
const BROKEN: Readonly<Record<string, readonly [name: string, change: Broken]>> = {
  'another size': [DESCRIPTION, (of) => ({ ...of, size: CONTENT.length - 1 })],
  'a tag without quotes': [DESCRIPTION, (of) => ({ ...of, etag: 'v1' })],
  'a field of the connection': [DESCRIPTION, (of) => ({ ...of, headers: { connection: 'close' } })],
  'a tag that is never the same': [
    'the description is the same the next time',
    (of) => ({ ...of, etag: `"${Math.random()}"` }),
  ],
  'a last byte that is missing': [
    RANGES,
    (of) => ({ ...of, ...reading((first, last) => CONTENT.subarray(first, last)) }),
  ],
  'bytes of another place': [
    RANGES,
    (of) => ({ ...of, ...reading((first, last) => CONTENT.subarray(first + 1, last + 2)) }),
  ],
  'bytes of another place at the border of a block': [
    RANGES,
    (of) => ({
      ...of,
      ...reading((first, last) => {
        const from = first === 4096 ? first - 1 : first
        return CONTENT.subarray(from, from + last - first + 1)
      }),
    }),
  ],
  'a chunk that is written to': [
    KEPT,
    (of) => ({
      ...of,
      ...reading((first, last) => {
        const chunk = Buffer.from(CONTENT.subarray(first, last + 1))
        setImmediate(() => chunk.fill(0))
        return chunk
      }),
    }),
  ],
  'a target that is written to': [
    KEPT,
    (of) => ({
      ...of,
      read: undefined,
      readAt: async (target: Uint8Array, position: number) => {
        setImmediate(() => target.fill(0))
        return CONTENT.copy(target, 0, position, position + target.length)
      },
    }),
  ],
  'a read that fails': [
    LEAVING,
    (of) => ({
      ...of,
      ...reading(() => {
        throw new Error('cannot be read')
      }),
    }),
  ],
  'parts that are fetched together, of which the first has the bytes of two': [
    'the ranges that are read later change no bytes',
    (of) => ({
      ...of,
      readAt: undefined,
      *read(range: ByteRange, _signal: AbortSignal, [next]: readonly ByteRange[] = []) {
        const last = next?.first === range.last + 1 ? next.last : range.last
        yield CONTENT.subarray(range.first, last + 1)
      },
    }),
  ],
  'a cache that knows where a range begins, and not where it ends': [
    'bytes that were offered for a cache are given for their range only',
    (of) => {
      const cache = new Map<number, Uint8Array>()
      return {
        ...of,
        cached: ({ first }: ByteRange) => cache.get(first),
        offerToCache: ({ first }: ByteRange, bytes: Uint8Array) => void cache.set(first, bytes),
      }
    },
  ],
  'a size that is told to be a guess': [ANSWERS, (of) => ({ ...of, acceptRanges: 'none' })],
}

function reading(read: (first: number, last: number) => Uint8Array): object {
  return {
    readAt: undefined,
    *read({ first, last }: { first: number; last: number }) {
      yield read(first, last)
    },
  }
}

for (const [what, [failing, change]] of Object.entries(BROKEN)) {
  t.test(`a source that breaks the contract fails a case of it (${what})`, async (t) => {
    const inner = bufferSource(CONTENT)
    const source: RangeSource = {
      async open(path, context) {
        const opened = (await inner.open(path, context)) as Representation
        return change(Object.assign({}, opened) as never) as Representation
      },
    }
    const cases = sourceContract({ source: () => source, path: 'a.bin', content: CONTENT })
    const found = cases.find(({ name }) => name === failing)
    await t.rejects(async () => found?.run(), { code: 'ERR_ASSERTION' })
  })
}

t.test('a source that mixes two versions fails the contract, and its subject is disposed of', async (t) => {
  let bytes: Uint8Array = CONTENT
  let disposed = 0
  const source: RangeSource = {
    open: () => ({
      size: CONTENT.length,
      etag: '"same"',
      *read({ first, last }) {
        yield bytes.subarray(first, last + 1)
      },
      close() {},
    }),
  }
  const cases = sourceContract({
    source: () => source,
    path: 'a.bin',
    content: CONTENT,
    replace: (content) => {
      bytes = content
    },
    dispose: () => void disposed++,
  })
  const found = cases.find(({ name }) => name.startsWith('a version that is replaced'))
  await t.rejects(async () => found?.run(), { code: 'ERR_ASSERTION' })
  t.equal(disposed, 1)
})

/** Sources that mix two versions, with a tag for each, and the case that says so. */
const MIXING: Readonly<Record<string, readonly [name: string, open: (store: Store) => Representation]>> = {
  'a version that is compared before each read only': [
    'a version that is replaced in the middle of a read is never mixed with the next',
    (store) => {
      const { version } = store
      return {
        ...described(store),
        async *read({ first, last }) {
          if (store.version !== version) throw new SendRangeError('ERR_RANGE_CHANGED', 'changed')
          for (let at = first; at <= last; at += 1000)
            yield store.bytes.subarray(at, Math.min(at + 1000, last + 1))
        },
      }
    },
  ],
  'a cache that all versions share': [
    'a version that is replaced while it is read is never mixed with the next',
    (store) => {
      const { bytes, cache } = store
      return {
        ...described(store),
        readAt: async (target, position) => {
          target.set(bytes.subarray(position, position + target.length))
          return target.length
        },
        cached: ({ first, last }) => cache.get(`${first}-${last}`),
        offerToCache: ({ first, last }, offered) => void cache.set(`${first}-${last}`, offered),
      }
    },
  ],
}

interface Store {
  bytes: Uint8Array
  version: number
  readonly cache: Map<string, Uint8Array>
}

function described({ version }: Store): Pick<Representation, 'size' | 'etag' | 'close'> {
  return { size: CONTENT.length, etag: `"${version}"`, close() {} }
}

for (const [what, [failing, open]] of Object.entries(MIXING))
  t.test(`a source that mixes two versions fails the contract (${what})`, async (t) => {
    const store: Store = { bytes: CONTENT, version: 1, cache: new Map() }
    const cases = sourceContract({
      source: () => ({ open: () => open(store) }),
      path: 'a.bin',
      content: CONTENT,
      replace: (content) => {
        store.bytes = content
        store.version++
      },
    })
    const found = cases.find(({ name }) => name === failing)
    await t.rejects(async () => found?.run(), { code: 'ERR_ASSERTION' })
  })

t.test('a source may lock what is read, so that it is replaced afterwards', async (t) => {
  let bytes: Uint8Array = CONTENT
  let unlocked: Promise<void> | undefined
  const source: RangeSource = {
    open: () => {
      const mine = bytes
      return {
        size: mine.length,
        async *read({ first, last }) {
          let unlock = (): void => {}
          unlocked = new Promise((resolve) => {
            unlock = resolve
          })
          for (let at = first; at <= last; at += 100_000)
            yield mine.subarray(at, Math.min(at + 100_000, last + 1))
          unlock()
        },
        close() {},
      }
    },
  }
  const cases = sourceContract({
    source: () => source,
    path: 'a.bin',
    content: CONTENT,
    replace: async (content) => {
      await unlocked
      bytes = content
    },
  })
  const locked = cases.find(({ name }) => name.includes('in the middle of a read'))
  await t.resolves(locked?.run() ?? Promise.reject(new Error('there is no such case')))
  t.ok(Buffer.from(CONTENT).equals(bytes))
})

t.test('the suite needs no test runner', async (t) => {
  const manifest = JSON.parse(readFileSync('plugin/package.json', 'utf8'))
  t.strictSame(manifest.exports['./contract'], {
    types: './dist/contract.d.ts',
    default: './dist/contract.js',
  })
  t.throws(
    () =>
      sourceContract({ source: () => bufferSource(CONTENT), path: 'a', content: CONTENT.subarray(0, 999) }),
    {
      code: 'ERR_ASSERTION',
    },
  )
})

/** Methods that never settle, and a case that finds it. */
const NEVER_SETTLED: Readonly<Record<string, readonly [name: string, source: RangeSource]>> = {
  'a read': [
    RANGES,
    {
      open: async (path, context) => ({
        ...((await bufferSource(CONTENT).open(path, context)) as Representation),
        readAt: () => new Promise(() => {}),
      }),
    },
  ],
  'an opening that is aborted': [
    'an opening that is aborted settles',
    {
      async open(path, context) {
        await Promise.resolve()
        if (context.signal.aborted) return await new Promise(() => {})
        return await bufferSource(CONTENT).open(path, context)
      },
    },
  ],
}

for (const [what, [failing, source]] of Object.entries(NEVER_SETTLED))
  t.test(`a source that never settles fails after a minute, so that no runner waits (${what})`, async (t) => {
    const limits: unknown[] = []
    t.intercept(globalThis, 'setTimeout', {
      value: (callback: () => void, ms: unknown) => {
        limits.push(ms)
        return setImmediate(callback)
      },
    })
    const cases = sourceContract({ source: () => source, path: 'a.bin', content: CONTENT })
    const found = cases.find(({ name }) => name === failing)
    await t.rejects(async () => found?.run(), {
      code: 'ERR_ASSERTION',
      message: /has not settled after 60000 ms/,
    })
    t.strictSame(limits, [60_000])
  })

t.test('a wrong answer shows what the server has logged', async (t) => {
  const source: RangeSource = {
    open: () => ({
      size: CONTENT.length,
      // biome-ignore lint/correctness/useYield: the source fails
      *read() {
        throw new Error('no such table')
      },
      close() {},
    }),
  }
  const cases = sourceContract({ source: () => source, path: 'a.bin', content: CONTENT })
  const found = cases.find(({ name }) => name.startsWith('answers have'))
  await t.rejects(async () => found?.run(), {
    code: 'ERR_ASSERTION',
    message: /^the whole: the status\n[\s\S]*\nThe server logged: [^;\n]*no such table$/,
  })
})

t.test('null for a path that is not there is named', async (t) => {
  const source = { open: () => null } as unknown as RangeSource
  const cases = sourceContract({ source: () => source, path: 'a.bin', content: CONTENT, absent: 'b.bin' })
  const found = cases.find(({ name }) => name.startsWith('a path that is not there'))
  await t.rejects(async () => found?.run(), { message: /must return undefined .* not null$/ })
})

t.test('the cases load nothing that Jest cannot load before Node 24.9', async (t) => {
  // Fastify loads it for its first inject().
  const require = createRequire(import.meta.resolve('fastify'))
  const injector = require.resolve('light-my-request')
  t.notOk(injector in require.cache)
  for (const { run } of sourceContract({
    source: () => bufferSource(CONTENT),
    path: 'a.bin',
    content: CONTENT,
  }))
    await run()
  t.notOk(injector in require.cache)
})
