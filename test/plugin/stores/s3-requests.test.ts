// How many requests a real store gets for one answer, and which.
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { withEachStore } from '../../support/stores/shared-store.ts'
import { serve } from '../support/serve.ts'
import { distinctBytes, serveStore, sourceOf } from './support/served-store.ts'

const SIZE = 2_000_000
const CONTENT = distinctBytes(SIZE)

const WHOLE = 'whole'
const FIRST_BYTE = 'bytes=0-0'

interface Row {
  readonly name: string
  readonly method?: 'HEAD'
  readonly headers?: (etag: string) => Readonly<Record<string, string>>
  readonly status: number
  /** The requests to the store for an object that has not been read before. */
  readonly unknown: readonly string[]
  /** Those for an object whose current version has been read before. */
  readonly known: readonly string[]
}

/** The same requests in both cases. */
function always(...asked: readonly string[]): Pick<Row, 'unknown' | 'known'> {
  return { unknown: asked, known: asked }
}

const ROWS: readonly Row[] = [
  { name: 'the whole', status: 200, ...always(WHOLE) },
  { name: 'a range', headers: () => ({ range: 'bytes=5-9' }), status: 206, ...always('bytes=5-9') },
  {
    name: 'an open range',
    headers: () => ({ range: 'bytes=1999990-' }),
    status: 206,
    unknown: [`bytes=1999990-${Number.MAX_SAFE_INTEGER}`],
    known: ['bytes=1999990-1999999'],
  },
  {
    name: 'a range over the end',
    headers: () => ({ range: 'bytes=1999990-3000000' }),
    status: 206,
    unknown: ['bytes=1999990-3000000'],
    known: ['bytes=1999990-1999999'],
  },
  {
    name: 'a range of the version that it is',
    headers: (etag) => ({ range: 'bytes=5-9', 'if-range': etag, 'if-match': etag }),
    status: 206,
    ...always('bytes=5-9'),
  },
  {
    name: 'a range of another version',
    headers: () => ({ range: 'bytes=5-9', 'if-range': '"other"' }),
    status: 200,
    unknown: ['bytes=5-9', 'bytes=0-1999999'],
    known: [WHOLE],
  },
  {
    name: 'a suffix',
    headers: () => ({ range: 'bytes=-9' }),
    status: 206,
    unknown: [FIRST_BYTE, 'bytes=1999991-1999999'],
    known: ['bytes=1999991-1999999'],
  },
  { name: 'HEAD', method: 'HEAD', status: 200, ...always(FIRST_BYTE) },
  {
    name: 'HEAD of a range',
    method: 'HEAD',
    headers: () => ({ range: 'bytes=5-' }),
    status: 200,
    ...always(FIRST_BYTE),
  },
  { name: '304', headers: (etag) => ({ 'if-none-match': etag }), status: 304, ...always(FIRST_BYTE) },
  {
    name: 'the whole in place of an old copy',
    headers: () => ({ 'if-none-match': '"other"' }),
    status: 200,
    unknown: [FIRST_BYTE, 'bytes=0-1999999'],
    known: [WHOLE],
  },
  {
    name: '412',
    headers: () => ({ 'if-match': '"other"', range: 'bytes=5-9' }),
    status: 412,
    unknown: ['bytes=5-9'],
    known: [FIRST_BYTE],
  },
  {
    // Neither store says the size in a 416.
    name: '416',
    headers: () => ({ range: 'bytes=2000000-2000009' }),
    status: 416,
    unknown: ['bytes=2000000-2000009', FIRST_BYTE],
    known: [FIRST_BYTE],
  },
  {
    name: 'two parts',
    headers: () => ({ range: 'bytes=0-9,500000-500009' }),
    status: 206,
    ...always('bytes=0-9', 'bytes=500000-500009'),
  },
  {
    name: 'two near parts',
    headers: () => ({ range: 'bytes=0-9,50000-50009' }),
    status: 206,
    ...always('bytes=0-50009'),
  },
]

for (const isKnown of [false, true]) {
  const what = isKnown ? 'that has been read before' : 'that has not been read'
  t.test(`an answer about an object ${what} costs these requests`, (t) =>
    withEachStore(t, async (t, store) => {
      const { bucket, proxy } = await serveStore(t, store)
      await bucket.put('f.bin', CONTENT)
      for (const { name, method = 'GET', headers, status, known, unknown } of ROWS) {
        // A source of its own, which remembers nothing.
        const { app } = await serve(t, { plugin: { source: sourceOf(bucket, proxy.store) } })
        const etag = String((await bucket.get('f.bin', { range: FIRST_BYTE })).fields.etag)
        if (isKnown) await app.inject({ method: 'HEAD', url: '/f.bin' })
        proxy.requests.length = 0
        const answer = await app.inject({ method, url: '/f.bin', headers: headers?.(etag) ?? {} })
        t.equal(answer.statusCode, status, name)
        const asked = proxy.requests.map(({ fields }) => fields.get('range') ?? WHOLE)
        t.strictSame(asked, isKnown ? known : unknown, name)
        for (const { method } of proxy.requests) t.equal(method, 'GET', name)
        const later = proxy.requests.slice(1)
        for (const { fields } of status === 416 ? [] : later)
          t.equal(fields.get('if-match'), etag, `${name}: pinned`)
      }
    }),
  )
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
    // A connection that is not used for a while is closed.
    t.ok(proxy.connections <= 7, `${proxy.connections} connections`)
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

t.test('a store that keeps no checksums takes no harm from being asked for them', (t) =>
  withEachStore(t, async (t, store) => {
    const headers = { 'x-amz-checksum-mode': 'ENABLED' }
    const { app, bucket, proxy } = await serveStore(t, store, { headers })
    await bucket.put('f.bin', CONTENT)
    const answer = await app.inject('/f.bin')
    t.equal(answer.statusCode, 200)
    sameBytes(t, answer.rawPayload, CONTENT)
    t.equal(answer.headers['repr-digest'], undefined)
    const part = await app.inject({ url: '/f.bin', headers: { range: 'bytes=-5' } })
    sameBytes(t, part.rawPayload, CONTENT.subarray(-5))
    for (const { fields } of proxy.requests) {
      t.equal(fields.get('x-amz-checksum-mode'), 'ENABLED')
      t.match(fields.get('authorization'), /SignedHeaders=\S*x-amz-checksum-mode/)
    }
  }),
)
