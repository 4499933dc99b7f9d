import type { FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { contentOf, serveBehind, type Way } from './support/hooked.ts'
import { type Asked, askHttp2, askTwo, type Seen } from './support/two-requests-client.ts'

type Change = (reply: FastifyReply) => unknown
type Kind = 'whole' | 'one range' | 'two ranges'

const ASKED: Readonly<Record<Kind, Record<string, string>>> = {
  whole: {},
  'one range': { range: 'bytes=0-599' },
  'two ranges': { range: 'bytes=0-99,400-499' },
}
const KINDS = Object.keys(ASKED) as readonly Kind[]
const FILES = ['small', 'large', 'streamed']

const typeOf = (reply: FastifyReply): string => String(reply.getHeader('content-type'))

/** Changes of the fields, and the answers that must be cut because of them. The others are complete. */
const ROWS: readonly { name: string; change: Change; cut: readonly Kind[] }[] = [
  { name: 'Content-Range off', change: (r) => r.removeHeader('content-range'), cut: ['one range'] },
  {
    name: 'another Content-Range',
    change: (r) => r.header('content-range', 'bytes 600-1199/1048576'),
    cut: ['one range', 'two ranges'],
  },
  {
    name: 'a Content-Range of another total',
    change: (r) => r.header('content-range', 'bytes 0-599/5'),
    cut: ['one range', 'two ranges'],
  },
  {
    name: 'two Content-Ranges',
    change: (r) => r.header('content-range', [r.getHeader('content-range'), 'bytes 1-2/3'].map(String)),
    cut: ['one range', 'two ranges'],
  },
  { name: 'Content-Type off', change: (r) => r.removeHeader('content-type'), cut: ['two ranges'] },
  { name: 'another type', change: (r) => r.type('text/plain'), cut: ['two ranges'] },
  {
    name: 'multipart/byteranges of another boundary',
    change: (r) => r.header('content-type', 'multipart/byteranges; boundary=other'),
    cut: ['one range', 'two ranges'],
  },
  {
    name: 'a longer boundary',
    change: (r) => r.header('content-type', `${typeOf(r)}x`),
    cut: ['two ranges'],
  },
  {
    name: 'a second boundary',
    change: (r) => r.header('content-type', `${typeOf(r)}; boundary=x`),
    cut: ['two ranges'],
  },
  {
    name: 'another strong tag',
    change: (r) => r.header('etag', '"mine"'),
    cut: ['one range', 'two ranges'],
  },
  {
    name: 'an allow-list of fields',
    change(r) {
      for (const name of Object.keys(r.getHeaders()))
        if (!['content-type', 'content-length', 'etag'].includes(name)) r.removeHeader(name)
    },
    cut: ['one range'],
  },
  { name: 'status 204', change: (r) => r.code(204), cut: [] },
  { name: 'no tag', change: (r) => r.removeHeader('etag'), cut: [] },
  { name: 'a weak tag', change: (r) => r.header('etag', 'W/"mine"'), cut: [] },
  { name: 'no date', change: (r) => r.removeHeader('last-modified'), cut: [] },
  { name: 'a parameter', change: (r) => r.header('content-type', `${typeOf(r)}; charset=utf-8`), cut: [] },
  {
    name: 'cookies, CORS, CSP and Server-Timing',
    change: (r) =>
      r.headers({
        'set-cookie': ['a=1', 'b=2'],
        'access-control-allow-origin': '*',
        'content-security-policy': "default-src 'self'",
        'server-timing': 'app;dur=1',
        vary: 'Origin',
        'cache-control': 'no-store',
        expires: '0',
      }),
    cut: [],
  },
]

const onSend = (change: Change): Way => ({
  onSend(reply, payload) {
    change(reply)
    return payload
  },
})

/** The same changes, made as late as possible: below our guard. */
const below = (change: Change): Way => ({
  onRequest(reply) {
    const raw = reply.raw as unknown as { writeHead: (...given: unknown[]) => unknown }
    const { writeHead } = raw
    raw.writeHead = (...given) => {
      const at = reply.raw
      change({
        removeHeader: (name: string) => at.removeHeader(name),
        getHeader: (name: string) => at.getHeader(name),
        getHeaders: () => at.getHeaders(),
        header: (name: string, value: string) => at.setHeader(name, value),
        headers: (all: object) => Object.entries(all).map(([name, value]) => at.setHeader(name, value)),
        type: (value: string) => at.setHeader('content-type', value),
        code: () => {},
      } as unknown as FastifyReply)
      return writeHead.apply(raw, given)
    }
  },
})

const PLACES = { 'a hook': onSend, 'a wrapper below writeHead': below }

function judge(
  t: Test,
  seen: Seen,
  { kind, file, isCut }: { kind: Kind; file: string; isCut: boolean },
): void {
  const label = `${file}, ${kind}`
  if (isCut) {
    t.equal(seen.isWhole, false, `${label} is cut`)
    t.equal(seen.body.length, 0, `${label}: before a byte`)
    return
  }
  t.equal(seen.isWhole, true, `${label} is whole`)
  if (seen.status === 204) return
  t.equal(seen.status, kind === 'whole' ? 200 : 206, label)
  if (kind !== 'one range') t.notOk(seen.fields['content-range'], label)
  if (kind !== 'two ranges')
    sameBytes(t, seen.body, contentOf(file).subarray(0, kind === 'whole' ? undefined : 600), label)
}

for (const { name, change, cut } of ROWS) {
  for (const [place, wayOf] of Object.entries(PLACES)) {
    t.test(`${name} by ${place}: ${cut.length === 0 ? 'nothing' : cut.join(' and ')} is cut`, async (t) => {
      const { port } = await serveBehind(t, wayOf(change))
      for (const file of FILES) {
        for (const kind of KINDS) {
          const seen = await askTwo(port, { path: `/f/${file}`, fields: ASKED[kind] })
          // Changes after our check can only be cut, such as a Content-Range on a whole answer.
          const isLate =
            place !== 'a hook' &&
            kind === 'whole' &&
            /Content-Range(s| of a)|another Content-Range/.test(name)
          judge(t, seen, { kind, file, isCut: cut.includes(kind) || isLate })
          t.equal(seen.next, seen.isWhole ? 'still here' : 'nothing')
        }
      }
    })
  }
  t.test(
    `HTTP/2: ${name} by a hook: ${cut.length === 0 ? 'nothing' : cut.join(' and ')} is cut`,
    async (t) => {
      const { port } = await serveBehind(t, onSend(change), { http2: true })
      for (const file of FILES) {
        for (const kind of KINDS) {
          const seen = await askHttp2(port, { path: `/f/${file}`, fields: ASKED[kind] })
          judge(t, seen, { kind, file, isCut: cut.includes(kind) })
        }
      }
    },
  )
}

const ask = (protocol: string, port: number, asked: Asked): Promise<Seen> =>
  protocol === 'HTTP/2' ? askHttp2(port, asked) : askTwo(port, asked)

for (const protocol of ['HTTP/1.1', 'HTTP/2']) {
  const server = protocol === 'HTTP/2' ? { http2: true } : {}

  t.test(
    `${protocol}: a date that a hook sets stays on a whole file and is removed from a part`,
    async (t) => {
      const date = 'Sun, 06 Nov 1994 08:49:37 GMT'
      const { port } = await serveBehind(
        t,
        onSend((reply) => reply.header('last-modified', date)),
        server,
      )
      const whole = await ask(protocol, port, { path: '/f/small' })
      t.strictSame(whole.fields['last-modified'], [date])
      const part = await ask(protocol, port, { path: '/f/small', fields: { range: 'bytes=0-3' } })
      t.equal(part.status, 206)
      t.equal(part.fields['last-modified'], undefined)
    },
  )

  t.test(`${protocol}: a 304 has no field about content, also when a hook adds one`, async (t) => {
    const way = onSend((reply) =>
      reply.headers({
        'content-type': 'text/html',
        'content-encoding': 'gzip',
        'content-length': '12',
        'content-range': 'bytes 0-1/2',
        'set-cookie': 'a=1',
      }),
    )
    const { port } = await serveBehind(t, way, server)
    const { etag = [] } = (await ask(protocol, port, { method: 'HEAD', path: '/f/small' })).fields
    const seen = await ask(protocol, port, {
      path: '/f/small',
      fields: { 'if-none-match': String(etag[0]).replace('W/', '') },
    })
    t.equal(seen.status, 304)
    t.strictSame(seen.fields['etag']?.length, 1)
    t.strictSame(seen.fields['set-cookie'], ['a=1'])
    for (const name of ['type', 'encoding', 'length', 'range'])
      t.equal(seen.fields[`content-${name}`], undefined, `Content-${name}`)
  })

  t.test(`${protocol}: a 416 has our Content-Range or none`, async (t) => {
    for (const [value, want] of [
      ['bytes */5', undefined],
      ['bytes 0-4/5', undefined],
      [undefined, undefined],
      ['bytes */1000', [`bytes */${contentOf('small').length}`]],
    ] as const) {
      const way = onSend((reply) => {
        if (reply.statusCode !== 416) return
        if (value === undefined) reply.removeHeader('content-range')
        else if (want === undefined) reply.header('content-range', value)
      })
      const { port } = await serveBehind(t, way, server)
      const seen = await ask(protocol, port, { path: '/f/small', fields: { range: 'bytes=5000000-' } })
      t.equal(seen.status, 416)
      t.strictSame(seen.fields['content-range'], want)
    }
  })
}
