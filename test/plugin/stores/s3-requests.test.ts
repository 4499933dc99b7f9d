// How many requests a real store gets for one answer, and which.
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { withEachStore } from '../../support/stores/shared-store.ts'
import { distinctBytes, serveStore } from './support/served-store.ts'

const SIZE = 2_000_000
const CONTENT = distinctBytes(SIZE)

interface Row {
  readonly name: string
  readonly method?: 'HEAD'
  readonly headers?: (etag: string) => Readonly<Record<string, string>>
  readonly status: number
  /** The requests to the store, at most. */
  readonly requests: number
  /** The bytes asked for, by all of them. Default: those of the answer. */
  readonly bytes?: number
}

const ROWS: readonly Row[] = [
  { name: 'the whole', status: 200, requests: 1, bytes: SIZE },
  { name: 'a range', headers: () => ({ range: 'bytes=5-9' }), status: 206, requests: 1, bytes: 5 },
  { name: 'an open range', headers: () => ({ range: 'bytes=1999990-' }), status: 206, requests: 1 },
  {
    name: 'a range over the end',
    headers: () => ({ range: 'bytes=1999990-3000000' }),
    status: 206,
    requests: 1,
  },
  {
    name: 'a range of the version that it is',
    headers: (etag) => ({ range: 'bytes=5-9', 'if-range': etag, 'if-match': etag }),
    status: 206,
    requests: 1,
    bytes: 5,
  },
  { name: 'HEAD', method: 'HEAD', status: 200, requests: 1, bytes: 1 },
  {
    name: 'HEAD of a range',
    method: 'HEAD',
    headers: () => ({ range: 'bytes=5-' }),
    status: 200,
    requests: 1,
    bytes: 1,
  },
  { name: '304', headers: (etag) => ({ 'if-none-match': etag }), status: 304, requests: 1, bytes: 1 },
  { name: '412', headers: () => ({ 'if-match': '"other"' }), status: 412, requests: 1 },
  // The HEAD that the table begins with has shown the size.
  { name: 'a suffix', headers: () => ({ range: 'bytes=-9' }), status: 206, requests: 1, bytes: 9 },
  // No store says the size in a 416.
  { name: '416', headers: () => ({ range: 'bytes=2000000-' }), status: 416, requests: 2 },
  { name: 'two parts', headers: () => ({ range: 'bytes=0-9,50-59' }), status: 206, requests: 3, bytes: 21 },
]

t.test('an answer costs at most these requests, and each is a GET of a range with two ends', (t) =>
  withEachStore(t, async (t, store) => {
    const { app, bucket, proxy } = await serveStore(t, store)
    await bucket.put('f.bin', CONTENT)
    const etag = String((await app.inject({ method: 'HEAD', url: '/f.bin' })).headers.etag)
    for (const { name, method = 'GET', headers, status, requests, bytes } of ROWS) {
      proxy.requests.length = 0
      const answer = await app.inject({ method, url: '/f.bin', headers: headers?.(etag) ?? {} })
      t.equal(answer.statusCode, status, name)
      const asked = proxy.requests.map(({ method, fields }) => `${method} ${fields.get('range') ?? 'whole'}`)
      t.ok(asked.length >= 1 && asked.length <= requests, `${name}: ${asked.join(', ')}`)
      for (const each of asked) t.match(each, /^GET (?:whole|bytes=\d+-\d+)$/, name)
      if (bytes !== undefined) t.ok(askedBytes(asked) <= bytes, `${name}: bytes of ${asked.join(', ')}`)
      const later = proxy.requests.slice(1)
      for (const { fields } of status === 416 ? [] : later)
        t.equal(fields.get('if-match'), etag, `${name}: pinned`)
    }
  }),
)

function askedBytes(asked: readonly string[]): number {
  return asked
    .map((each) => {
      const [, first, last] = /bytes=(\d+)-(\d+)/.exec(each) ?? []
      return first === undefined ? SIZE : Number(last) - Number(first) + 1
    })
    .reduce((sum, each) => sum + each, 0)
}

t.test('answers without bytes leave their connection to the next one', (t) =>
  withEachStore(t, async (t, store) => {
    const { app, bucket, proxy } = await serveStore(t, store, { maxConnections: 2, queueTimeout: 60_000 })
    await bucket.put('f.bin', CONTENT)
    for (const headers of [{}, { 'if-none-match': '*' }, { 'if-match': '"other"', range: 'bytes=0-9' }]) {
      for (let turn = 0; turn < 5; turn++)
        t.ok((await app.inject({ method: 'HEAD', url: '/f.bin', headers })).statusCode < 500)
    }
    t.equal(proxy.requests.length, 15)
    t.ok(proxy.connections <= 2, `${proxy.connections} connections`)
  }),
)

t.test('the whole object is announced with ranges, although Swift does not say that it knows them', (t) =>
  withEachStore(t, async (t, store) => {
    const { app, bucket } = await serveStore(t, store)
    await bucket.put('f.bin', CONTENT)
    t.equal((await app.inject('/f.bin')).headers['accept-ranges'], 'bytes')
  }),
)

t.test('the bytes of a range are those of the object', (t) =>
  withEachStore(t, async (t, store) => {
    const { app, bucket } = await serveStore(t, store)
    await bucket.put('f.bin', CONTENT)
    for (const [first, last] of [
      [0, 0],
      [5, 70_000],
      [1_000_000, SIZE - 1],
    ] as const) {
      const answer = await app.inject({ url: '/f.bin', headers: { range: `bytes=${first}-${last}` } })
      sameBytes(t, answer.rawPayload, CONTENT.subarray(first, last + 1))
    }
  }),
)
