// Several ranges of an object: those that are near to each other come with one request.
import { type HttpSourceOptions, httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { parseMultipart } from '../support/strict-multipart.ts'
import { type Answer, distinctBytes, type Got, LONG_AGO, Origin } from './support/origin.ts'

const KIB = 1024
const MIB = 1024 * KIB
const SIZE = 3 * MIB
const CONTENT = distinctBytes(SIZE)
const FIRST_BYTE = 'bytes=0-0'

async function served(t: Test, options: { answer?: Answer } & Partial<HttpSourceOptions> = {}) {
  const { answer, ...others } = options
  const origin = await Origin.start(t, answer)
  origin.objects.set('/f', { bytes: CONTENT, etag: '"v"', lastModified: LONG_AGO })
  const source = httpSource({ url: (path) => `${origin.url}/${path}`, retries: 2, ...others })
  return { origin, ...(await serve(t, { plugin: { source } })) }
}

/** Asks for ranges and checks that each part has the bytes of its own range. */
async function parts(t: Test, port: number, ranges: readonly (readonly [number, number])[]): Promise<void> {
  const range = `bytes=${ranges.map(([first, last]) => `${first}-${last}`).join(',')}`
  const answer = await fetch(`http://127.0.0.1:${port}/f`, { headers: { range } })
  t.equal(answer.status, 206)
  const body = Buffer.from(await answer.arrayBuffer())
  const found = parseMultipart(String(answer.headers.get('content-type')), body)
  t.strictSame(
    found.map(({ first, last }) => [first, last]),
    ranges,
    'the order of the parts is that of the request',
  )
  for (const { first, last, bytes } of found) sameBytes(t, bytes, CONTENT.subarray(first, last + 1))
}

/** Ranges of `length` bytes, this many bytes apart. */
function apart(gap: number, { count, length }: { count: number; length: number }): [number, number][] {
  return Array.from({ length: count }, (_, at) => {
    const first = at * (gap + length)
    return [first, first + length - 1]
  })
}

interface Row {
  readonly name: string
  readonly ranges: readonly (readonly [number, number])[]
  readonly asked: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    name: 'near ranges',
    ranges: [
      [0, 9],
      [20, 29],
      [1000, 60_000],
    ],
    asked: ['bytes=0-60000'],
  },
  {
    name: 'a gap below 256 KiB',
    ranges: apart(256 * KIB - 1, { count: 2, length: 1 }),
    asked: ['bytes=0-262144'],
  },
  {
    name: 'a gap of 256 KiB',
    ranges: apart(256 * KIB, { count: 2, length: 1 }),
    asked: [FIRST_BYTE, 'bytes=262145-262145'],
  },
  {
    name: 'two near ones and one far from them',
    ranges: [
      [5, 9],
      [11, 19],
      [2_000_000, 2_000_009],
    ],
    asked: ['bytes=5-19', 'bytes=2000000-2000009'],
  },
  {
    name: 'one far from two near ones',
    ranges: [
      [5, 9],
      [2_000_000, 2_000_009],
      [2_000_020, 2_000_029],
    ],
    asked: ['bytes=5-9', 'bytes=2000000-2000029'],
  },
  {
    name: 'near ranges in another order',
    ranges: [
      [1000, 1009],
      [0, 9],
    ],
    asked: ['bytes=1000-1009', 'bytes=0-9'],
  },
  {
    name: 'ranges of many chunks',
    ranges: apart(100_000, { count: 3, length: 100_001 }),
    asked: ['bytes=0-500002'],
  },
  {
    // The bytes between them are bounded by 1 MiB, and by as many as are sent.
    name: 'many small ranges far from each other',
    ranges: apart(250 * KIB, { count: 8, length: 10 }),
    asked: ['bytes=0-1024049', 'bytes=1280050-1280059', 'bytes=1536060-1536069', 'bytes=1792070-1792079'],
  },
]

for (const isKnown of [false, true]) {
  for (const { name, ranges, asked } of ROWS) {
    t.test(`${name} of ${isKnown ? 'a known' : 'an unknown'} object: ${asked.join(', ')}`, async (t) => {
      const { origin, app, port } = await served(t)
      if (isKnown) await app.inject({ method: 'HEAD', url: '/f' })
      origin.got.length = 0
      await parts(t, port, ranges)
      t.strictSame(origin.ranges, asked)
      for (const { headers } of origin.got.slice(1)) t.equal(headers['if-match'], '"v"')
    })
  }
}

t.test('a range and a suffix need the length first, unless it is known', async (t) => {
  const { origin, app } = await served(t)
  for (const asked of [
    [FIRST_BYTE, 'bytes=0-9', `bytes=${SIZE - 5}-${SIZE - 1}`],
    ['bytes=0-9', `bytes=${SIZE - 5}-${SIZE - 1}`],
  ]) {
    origin.got.length = 0
    t.equal((await app.inject({ url: '/f', headers: { range: 'bytes=0-9,-5' } })).statusCode, 206)
    t.strictSame(origin.ranges, asked)
  }
})

/** Sends this many bytes of the right answer, and then closes the connection. */
function breaking(count: number): Answer {
  return ({ number, headers }: Got, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    if (number > 1 || first === undefined) return false
    response.writeHead(206, {
      etag: '"v"',
      'last-modified': LONG_AGO,
      'content-range': `bytes ${first}-${last}/${SIZE}`,
      'content-length': Number(last) - Number(first) + 1,
    })
    response.write(CONTENT.subarray(Number(first), Number(first) + count), () =>
      setTimeout(() => response.destroy(), 20),
    )
    return true
  }
}

for (const [name, count, asked] of [
  ['in the first range', 5, 'bytes=5-3009'],
  ['between the ranges', 1000, 'bytes=3000-3009'],
  ['in the second range', 3004, 'bytes=3004-3009'],
] as const) {
  t.test(`a connection that breaks ${name}: the parts go on from there`, async (t) => {
    const { origin, port, errors } = await served(t, { answer: breaking(count) })
    await parts(t, port, [
      [0, 9],
      [3000, 3009],
    ])
    t.strictSame(origin.ranges, ['bytes=0-3009', asked])
    t.strictSame(errors(), [])
  })
}

t.test('the connection is kept for the next answer', async (t) => {
  const { origin, port } = await served(t)
  for (let turn = 0; turn < 3; turn++)
    await parts(t, port, [
      [0, 9],
      [20, 29],
    ])
  t.equal(origin.connections, 1)
})

t.test('clients that stop reading between near ranges leave the only connection to others', async (t) => {
  const { origin, app, port } = await served(t, { maxConnections: 1, queueTimeout: 60_000 })
  const ranges = apart(100_000, { count: 8, length: 250_000 })
  const range = `bytes=${ranges.map(([first, last]) => `${first}-${last}`).join(',')}`
  const clients: RawClient[] = []
  for (let count = 0; count < 5; count++) {
    const client = await RawClient.connect(port)
    t.teardown(() => client.destroy())
    client.request('GET', '/f', [`Range: ${range}`])
    clients.push(client)
    const { body } = await app.inject({ url: '/f', headers: { range: 'bytes=0-3' } })
    t.equal(body.length, 4)
  }
  for (const client of clients) {
    const { fields } = await client.readHead()
    const bytes = await client.readBytes(Number(fields.get('content-length')))
    const found = parseMultipart(String(fields.get('content-type')), bytes)
    t.equal(found.length, ranges.length)
    for (const { first, last, bytes } of found) sameBytes(t, bytes, CONTENT.subarray(first, last + 1))
  }
  t.ok(origin.most <= 1, `${origin.most} at a time`)
})
