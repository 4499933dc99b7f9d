import { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { contentOf, serveBehind, type Way } from './support/hooked.ts'
import { type Asked, askHttp2, askTwo, type Seen, type SeenTwo } from './support/two-on-one.ts'

type WriteHead = (...given: unknown[]) => unknown
type Raw = { writeHead: WriteHead; setHeader: (name: string, value: unknown) => void }
/** Writes a head in the place of another one. */
type Rewrite = (raw: Raw, writeHead: WriteHead, given: readonly unknown[]) => unknown

const SERVERS = { 'HTTP/1.1': {}, 'HTTP/2': { http2: true } } as const
type Protocol = keyof typeof SERVERS
const PROTOCOLS = Object.keys(SERVERS) as readonly Protocol[]

function ask(protocol: Protocol, port: number, asked: Asked): Promise<Seen & Partial<SeenTwo>> {
  return protocol === 'HTTP/2' ? askHttp2(port, asked) : askTwo(port, asked)
}

function wrap(raw: object, rewrite: Rewrite): void {
  const response = raw as Raw
  const { writeHead } = response
  response.writeHead = (...given) => rewrite(response, writeHead, given)
}

function wrapPrototypes(t: Test, rewrite: Rewrite): void {
  for (const { prototype } of [ServerResponse, Http2ServerResponse]) {
    const response = prototype as unknown as Raw
    const { writeHead } = response
    response.writeHead = function (...given) {
      return rewrite(this, writeHead, given)
    }
    t.teardown(() => {
      response.writeHead = writeHead
    })
  }
}

/** Where `writeHead` is wrapped: below our guard, above it, or on the prototype. */
const PLACES: Readonly<Record<string, (t: Test, rewrite: Rewrite) => Way>> = {
  onRequest: (_t, rewrite) => ({ onRequest: ({ raw }) => wrap(raw, rewrite) }),
  onSend: (_t, rewrite) => ({
    onSend({ raw }, payload) {
      wrap(raw, rewrite)
      return payload
    },
  }),
  prototype: (t, rewrite) => {
    wrapPrototypes(t, rewrite)
    return {}
  },
}

const withStatus =
  (status: number): Rewrite =>
  (raw, writeHead, [, ...rest]) =>
    writeHead.call(raw, status, ...rest)

const withStatusOfError =
  (status: number): Rewrite =>
  (raw, writeHead, [given, ...rest]) =>
    writeHead.call(raw, given === 200 ? given : status, ...rest)

/** Another length, in each form that `writeHead` takes. */
const LENGTHS: Readonly<Record<string, Rewrite>> = {
  'a field that is set': (raw, writeHead, [status, ...rest]) => {
    const given = rest.at(-1)
    raw.setHeader('content-length', 7)
    if (typeof given === 'object' && given !== null) Reflect.set(given, 'content-length', 7)
    return writeHead.call(raw, status, ...rest)
  },
  'an object': (raw, writeHead, [status, ...rest]) =>
    writeHead.call(raw, status, 'Fine', { ...(rest.at(-1) as object), 'content-length': 7 }),
  'a list': (raw, writeHead, [status, ...rest]) => {
    for (const [name, value] of Object.entries((rest.at(-1) as object) ?? {})) raw.setHeader(name, value)
    raw.setHeader('content-length', 7)
    return writeHead.call(raw, status, ['Content-Length', '7'])
  },
}

const DESCRIPTION = ['etag', 'last-modified', 'accept-ranges', 'content-range']

for (const protocol of PROTOCOLS) {
  const server = SERVERS[protocol]
  for (const [place, wayOf] of Object.entries(PLACES)) {
    t.test(`${protocol}: a 304 that becomes something with content is never a file (${place})`, async (t) => {
      for (const status of [200, 203, 206]) {
        const { port } = await serveBehind(t, wayOf(t, withStatus(status)), server)
        for (const method of ['GET', 'HEAD']) {
          const seen = await ask(protocol, port, {
            method,
            path: '/f/small',
            fields: { 'if-none-match': '*' },
          })
          t.equal(seen.status, undefined, `${status} ${method}: not a byte`)
          t.not(seen.isWhole, true)
        }
      }
    })

    t.test(`${protocol}: an answer of another status says nothing of the file (${place})`, async (t) => {
      for (const status of [201, 304, 404, 500]) {
        const { port } = await serveBehind(t, wayOf(t, withStatus(status)), server)
        for (const method of ['GET', 'HEAD']) {
          for (const file of ['empty', 'small', 'large', 'streamed']) {
            const seen = await ask(protocol, port, { method, path: `/f/${file}` })
            for (const name of seen.status === undefined ? [] : DESCRIPTION)
              t.equal(seen.fields[name], undefined, `${status} ${method} ${file}: ${name}`)
          }
        }
      }
    })

    for (const [form, rewrite] of Object.entries(LENGTHS)) {
      t.test(`${protocol}: another Content-Length, ${form} (${place})`, async (t) => {
        const { port } = await serveBehind(t, wayOf(t, rewrite), server)
        for (const file of ['empty', 'small', 'large', 'streamed']) {
          const head = await ask(protocol, port, { method: 'HEAD', path: `/f/${file}` })
          const isStrong = head.fields['etag']?.[0]?.startsWith('"') === true
          t.notOk(isStrong && head.fields['content-length']?.[0] === '7', `HEAD ${file}`)
        }
        const same = await ask(protocol, port, { path: '/f/small', fields: { 'if-none-match': '*' } })
        t.equal(same.fields['content-length'], undefined, '304')
      })
    }
  }
}

t.test('a HEAD answer is that of the whole file, whatever range is asked for', async (t) => {
  const { port } = await serveBehind(t, {})
  for (const file of ['empty', 'small', 'large', 'streamed']) {
    const seen = await askTwo(port, { method: 'HEAD', path: `/f/${file}`, fields: { range: 'bytes=0-3' } })
    t.equal(seen.status, 200, file)
    t.strictSame(seen.fields['content-length'], [String(contentOf(file).length)])
    t.equal(seen.next, 'still here')
  }
})

/** Requests for which sendRange itself decides on an error. */
const ERRORS: readonly Asked[] = [
  { path: '/f/small', fields: { 'if-match': '"no"' } },
  { path: '/f/small', fields: { range: 'bytes=5000000-' } },
  { path: '/f/absent' },
  { path: '/f/%2Ehidden' },
  { path: '/f/a%5Cb' },
]

/** What hooks make of an error. */
const CHANGES: Readonly<Record<string, (t: Test) => Way>> = {
  'a Response of another length': () => ({ onSend: () => new Response('hello') }),
  'a stream of another length': () => ({
    onSend(reply) {
      reply.header('content-length', 100)
      return Readable.from([Buffer.from('hello')])
    },
  }),
  'a longer stream': () => ({
    onSend(reply) {
      reply.header('content-length', 7)
      return Readable.from([Buffer.from('hello'), Buffer.from('hello')])
    },
  }),
  ...Object.fromEntries(
    Object.entries(LENGTHS).flatMap(([form, rewrite]) =>
      Object.entries(PLACES).map(([place, wayOf]) => [
        `a length of 7, ${form} (${place})`,
        (t: Test) => wayOf(t, rewrite),
      ]),
    ),
  ),
}

for (const [name, wayOf] of Object.entries(CHANGES)) {
  t.test(`HTTP/1.1: an error is held to its length: ${name}`, async (t) => {
    const { port } = await serveBehind(t, onErrors(wayOf(t)))
    for (const asked of ERRORS) {
      const seen = await askTwo(port, asked)
      t.equal(seen.next, seen.isWhole ? 'still here' : 'nothing', asked.path)
      const head = await askTwo(port, { ...asked, method: 'HEAD' })
      t.not(head.next, 'other', `HEAD ${asked.path}`)
    }
  })
}

for (const protocol of PROTOCOLS) {
  t.test(`${protocol}: an error that a hook makes a 206 has a range or is cut`, async (t) => {
    const hook = (change: (reply: FastifyReply) => unknown): Way => ({
      onSend(reply, payload) {
        if (reply.statusCode !== 200) change(reply)
        return payload
      },
    })
    const WAYS: readonly Way[] = [
      hook((reply) => reply.code(206)),
      hook((reply) => reply.code(206).header('content-range', 'bytes 0-1/2')),
      ...Object.values(PLACES).map((wayOf) => wayOf(t, withStatus(206))),
    ]
    for (const way of WAYS) {
      const { port } = await serveBehind(t, way, SERVERS[protocol])
      for (const asked of ERRORS) t.equal((await ask(protocol, port, asked)).status, undefined, asked.path)
    }
  })

  t.test(`${protocol}: an error that a hook makes a 1xx, or a 205 with content, is cut`, async (t) => {
    for (const status of [100, 103, 205]) {
      for (const wayOf of [PLACES['onRequest'], PLACES['onSend']]) {
        const { port } = await serveBehind(
          t,
          onErrors(wayOf?.(t, withStatusOfError(status)) ?? {}),
          SERVERS[protocol],
        )
        for (const asked of ERRORS) {
          const seen = await ask(protocol, port, asked)
          t.equal(seen.status, undefined, `${status} ${asked.path}`)
          t.not(seen.next, 'other')
        }
      }
    }
  })

  t.test(`${protocol}: a 416 that a hook makes something else says nothing of ranges`, async (t) => {
    const way: Way = {
      onSend(reply, payload) {
        if (reply.statusCode === 416) reply.code(200)
        return payload
      },
    }
    const { port } = await serveBehind(t, way, SERVERS[protocol])
    const seen = await ask(protocol, port, { path: '/f/small', fields: { range: 'bytes=5000000-' } })
    t.equal(seen.status, 200)
    for (const name of DESCRIPTION) t.equal(seen.fields[name], undefined, name)
  })

  t.test(`${protocol}: errors that nothing changes go out as ever`, async (t) => {
    const { port } = await serveBehind(t, {}, SERVERS[protocol])
    for (const [at, asked] of ERRORS.entries()) {
      const seen = await ask(protocol, port, asked)
      t.equal(seen.status, [412, 416, 404, 404, 404][at])
      t.ok(seen.isWhole)
      t.equal(JSON.parse(seen.body.toString()).statusCode, seen.status)
      const head = await ask(protocol, port, { ...asked, method: 'HEAD' })
      t.ok(head.isWhole)
    }
  })
}

/** The next answer on the connection is none of ours. */
function onErrors({ onRequest, onSend }: Way): Way {
  return {
    ...(onSend && {
      onSend: (reply, payload) => (reply.statusCode === 200 ? payload : onSend(reply, payload)),
    }),
    ...(onRequest && { onRequest }),
  }
}
