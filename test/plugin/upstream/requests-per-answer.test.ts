// Which requests an origin gets for one answer. Each is a GET, with these values of Range.
import { connect } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'
import { type Answer, LONG_AGO, Origin } from './support/origin.ts'

const DIGITS = '0123456789'
const WHOLE = undefined
const FIRST_BYTE = 'bytes=0-0'
const MAX = Number.MAX_SAFE_INTEGER

interface Row {
  readonly name: string
  /** What the object has. Default: ten digits. */
  readonly text?: string
  readonly method?: 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly body?: string
  /** The requests for an object that has not been read before. */
  readonly unknown: readonly (string | undefined)[]
  /** Those for an object whose current version has been read before. */
  readonly known: readonly (string | undefined)[]
}

/** The same requests in both cases. */
function always(...asked: readonly (string | undefined)[]): Pick<Row, 'unknown' | 'known'> {
  return { unknown: asked, known: asked }
}

const ONE_RANGE: readonly Row[] = [
  { name: 'the whole', status: 200, body: DIGITS, ...always(WHOLE) },
  { name: 'a range', headers: { range: 'bytes=2-4' }, status: 206, body: '234', ...always('bytes=2-4') },
  {
    name: 'all bytes by a range',
    headers: { range: 'bytes=0-' },
    status: 206,
    body: DIGITS,
    unknown: [`bytes=0-${MAX}`],
    known: ['bytes=0-9'],
  },
  {
    name: 'an open range',
    headers: { range: 'bytes=7-' },
    status: 206,
    body: '789',
    unknown: [`bytes=7-${MAX}`],
    known: ['bytes=7-9'],
  },
  {
    name: 'a range over the end',
    headers: { range: 'bytes=8-20' },
    status: 206,
    body: '89',
    unknown: ['bytes=8-20'],
    known: ['bytes=8-9'],
  },
  {
    // The length is needed to know where the last bytes are.
    name: 'the last bytes',
    headers: { range: 'bytes=-3' },
    status: 206,
    body: '789',
    unknown: [FIRST_BYTE, 'bytes=7-9'],
    known: ['bytes=7-9'],
  },
  {
    name: 'more than all bytes from the end',
    headers: { range: 'bytes=-99' },
    status: 206,
    body: DIGITS,
    unknown: [FIRST_BYTE, 'bytes=0-9'],
    known: ['bytes=0-9'],
  },
  {
    name: 'a range of the version that it is (If-Range)',
    headers: { range: 'bytes=2-4', 'if-range': '"v"' },
    status: 206,
    body: '234',
    ...always('bytes=2-4'),
  },
  {
    name: 'a range of another version (If-Range)',
    headers: { range: 'bytes=2-4', 'if-range': '"other"' },
    status: 200,
    body: DIGITS,
    unknown: ['bytes=2-4', 'bytes=0-9'],
    known: [WHOLE],
  },
  {
    name: 'a range of the version that it is (If-Match)',
    headers: { range: 'bytes=2-4', 'if-match': '"v"' },
    status: 206,
    body: '234',
    ...always('bytes=2-4'),
  },
  {
    name: 'the whole, in place of an old copy (If-None-Match)',
    headers: { 'if-none-match': '"other"' },
    status: 200,
    body: DIGITS,
    unknown: [FIRST_BYTE, 'bytes=0-9'],
    known: [WHOLE],
  },
  {
    name: 'a range, in place of an old copy (If-None-Match)',
    headers: { range: 'bytes=2-4', 'if-none-match': '"other"' },
    status: 206,
    body: '234',
    unknown: [FIRST_BYTE, 'bytes=2-4'],
    known: ['bytes=2-4'],
  },
  {
    name: 'the whole, in place of an old copy (If-Modified-Since)',
    headers: { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' },
    status: 200,
    body: DIGITS,
    unknown: [FIRST_BYTE, 'bytes=0-9'],
    known: [WHOLE],
  },
]

const NO_BYTES: readonly Row[] = [
  { name: 'HEAD', method: 'HEAD', status: 200, ...always(FIRST_BYTE) },
  {
    name: 'HEAD of a range',
    method: 'HEAD',
    headers: { range: 'bytes=2-' },
    status: 200,
    ...always(FIRST_BYTE),
  },
  { name: '304 by a tag', headers: { 'if-none-match': '"v"' }, status: 304, ...always(FIRST_BYTE) },
  {
    name: '304 by a date, for a range',
    headers: { 'if-modified-since': LONG_AGO, range: 'bytes=2-4' },
    status: 304,
    ...always(FIRST_BYTE),
  },
  {
    name: '412',
    headers: { 'if-match': '"other"' },
    status: 412,
    unknown: [WHOLE],
    known: [FIRST_BYTE],
  },
  {
    name: '412 by a date, for a range',
    headers: { 'if-unmodified-since': 'Sun, 06 Nov 1994 08:49:36 GMT', range: 'bytes=2-4' },
    status: 412,
    unknown: ['bytes=2-4'],
    known: [FIRST_BYTE],
  },
  { name: '416 for no bytes', headers: { range: 'bytes=-0' }, status: 416, ...always(FIRST_BYTE) },
]

/** They depend on whether the 416 of the origin has the length. */
const AFTER_THE_END: readonly Row[] = [
  {
    name: '416',
    headers: { range: 'bytes=10-' },
    status: 416,
    unknown: [`bytes=10-${MAX}`],
    known: [FIRST_BYTE],
  },
  {
    name: '416 under a condition',
    headers: { range: 'bytes=10-12', 'if-match': '"v"' },
    status: 416,
    unknown: ['bytes=10-12', FIRST_BYTE],
    known: [FIRST_BYTE],
  },
  {
    name: 'the whole in place of a range after the end (If-Range)',
    headers: { range: 'bytes=10-', 'if-range': '"other"' },
    status: 200,
    body: DIGITS,
    unknown: [`bytes=10-${MAX}`, FIRST_BYTE, 'bytes=0-9'],
    known: [WHOLE],
  },
]

/** Neither Ceph nor Swift says the length. */
const AFTER_AN_UNKNOWN_END: readonly Row[] = AFTER_THE_END.map((row) =>
  row.name === '416' ? { ...row, unknown: [`bytes=10-${MAX}`, FIRST_BYTE] } : row,
)

const SMALL: readonly Row[] = [
  { name: 'the whole of nothing', text: '', status: 200, body: '', ...always(WHOLE) },
  {
    // Its first byte is not there.
    name: 'HEAD of nothing',
    text: '',
    method: 'HEAD',
    status: 200,
    unknown: [FIRST_BYTE, WHOLE],
    known: [WHOLE],
  },
  {
    name: '304 of nothing',
    text: '',
    headers: { 'if-none-match': '"v"' },
    status: 304,
    unknown: [FIRST_BYTE, WHOLE],
    known: [WHOLE],
  },
  {
    name: '416 of nothing',
    text: '',
    headers: { range: 'bytes=0-' },
    status: 416,
    unknown: [`bytes=0-${MAX}`],
    known: [WHOLE],
  },
  {
    name: 'the last bytes of nothing',
    text: '',
    headers: { range: 'bytes=-5' },
    status: 200,
    body: '',
    unknown: [FIRST_BYTE, WHOLE],
    known: [WHOLE],
  },
  {
    name: 'one byte',
    text: 'x',
    headers: { range: 'bytes=0-0' },
    status: 206,
    body: 'x',
    ...always('bytes=0-0'),
  },
  { name: 'the only byte', text: 'x', status: 200, body: 'x', ...always(WHOLE) },
  {
    name: 'the last byte of one',
    text: 'x',
    headers: { range: 'bytes=-1' },
    status: 206,
    body: 'x',
    ...always('bytes=0-0'),
  },
  { name: 'HEAD of one byte', text: 'x', method: 'HEAD', status: 200, ...always(FIRST_BYTE) },
  {
    name: '416 after one byte',
    text: 'x',
    headers: { range: 'bytes=1-1' },
    status: 416,
    unknown: ['bytes=1-1'],
    known: [FIRST_BYTE],
  },
]

/** A 416 with a body in place of Content-Range, for ten digits or nothing. */
function unsatisfiable(text: string, length: string): Answer {
  return (got, response) => {
    const [, first] = /^bytes=(\d+)/.exec(got.headers.range ?? '') ?? []
    if (first === undefined || Number(first) < text.length) return false
    response.writeHead(416).end(`<Error><Code>InvalidRange</Code>${length}</Error>`)
    return true
  }
}

async function check(t: Test, row: Row, { isKnown, answer }: { isKnown: boolean; answer?: Answer }) {
  const { name, text = DIGITS, method = 'GET', headers = {}, status, body = '' } = row
  const origin = await Origin.start(t, answer)
  origin.objects.set('/f', { bytes: Buffer.from(text), etag: '"v"', lastModified: LONG_AGO })
  const source = httpSource({ url: (path) => `${origin.url}/${path}`, retries: 0 })
  const { app } = await serve(t, { plugin: { source } })
  if (isKnown) await app.inject({ method: 'HEAD', url: '/f' })
  origin.got.length = 0
  const got = await app.inject({ method, url: '/f', headers })
  t.equal(got.statusCode, status, name)
  if (status < 400) t.equal(got.body, body, name)
  if (status === 416) t.equal(got.headers['content-range'], `bytes */${text.length}`, name)
  t.strictSame(origin.ranges, isKnown ? row.known : row.unknown, name)
  for (const { method, headers } of origin.got) {
    t.equal(method, 'GET', name)
    t.equal(headers['accept-encoding'], 'identity', name)
    for (const field of ['if-none-match', 'if-modified-since', 'if-range'])
      t.equal(headers[field], undefined, `${name}: conditions are decided here`)
  }
  // After a 416 nothing is pinned, since nothing has been seen.
  const pinned = origin.got.slice(1).filter(({ headers }) => headers.range !== FIRST_BYTE)
  for (const { headers } of text === '' ? [] : pinned) t.equal(headers['if-match'], '"v"', `${name}: pinned`)
}

for (const isKnown of [false, true]) {
  const what = isKnown ? 'whose version is known' : 'that is not known'
  t.test(`one range of an object ${what}`, async (t) => {
    for (const row of [...ONE_RANGE, ...SMALL]) await check(t, row, { isKnown })
  })
  t.test(`no bytes of an object ${what}`, async (t) => {
    for (const row of [...NO_BYTES, ...AFTER_THE_END]) await check(t, row, { isKnown })
  })
  t.test(`bytes after the end of an object ${what}, where a 416 does not say the length`, async (t) => {
    // Its whole says whether it is empty, or its server refuses all ranges.
    const ofNothing = SMALL.filter(({ text }) => text === '').map((row) => ({
      ...row,
      unknown: row.unknown[0] === `bytes=0-${MAX}` ? [`bytes=0-${MAX}`, WHOLE] : row.unknown,
    }))
    for (const row of [...AFTER_AN_UNKNOWN_END, ...ofNothing])
      await check(t, row, { isKnown, answer: unsatisfiable(row.text ?? DIGITS, '') })
  })
  t.test(`bytes after the end of an object ${what}, where a 416 says the length as S3 does`, async (t) => {
    const answer = unsatisfiable(DIGITS, '<ActualObjectSize>10</ActualObjectSize>')
    for (const row of AFTER_THE_END) await check(t, row, { isKnown, answer })
  })
}

t.test('answers of one session of HTTP/2 that wait for each other cost two requests at most', async (t) => {
  const origin = await Origin.start(t)
  origin.objects.set('/f', { bytes: Buffer.alloc(60_000), etag: '"v"', lastModified: LONG_AGO })
  const source = httpSource({ url: (path) => `${origin.url}/${path}` })
  const { port } = await serve(t, { plugin: { source }, server: { http2: true } })
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  const streams = Array.from({ length: 100 }, () => session.request({ ':path': '/f', range: 'bytes=0-' }))
  for (const body of await Promise.all(streams.map((stream) => buffer(stream)))) t.equal(body.length, 60_000)
  t.ok(origin.got.length <= 200, `${origin.got.length} requests`)
})
