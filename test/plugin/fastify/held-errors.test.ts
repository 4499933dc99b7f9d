import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'
import { NEXT, serveBehind, type Way } from './support/hooked.ts'
import { type Asked, askTwo } from './support/two-requests-client.ts'
import {
  ask,
  DESCRIPTION,
  LENGTHS,
  PLACES,
  PROTOCOLS,
  SERVERS,
  withStatus,
  withStatusOfError,
  wrap,
} from './support/written-heads.ts'

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
  t.test(`HTTP/1.1: an error of another length than announced is cut (${name})`, async (t) => {
    const { port } = await serveBehind(t, onErrors(wayOf(t)))
    for (const asked of ERRORS) {
      const seen = await askTwo(port, asked)
      t.equal(seen.next, seen.isWhole ? 'still here' : 'nothing', asked.path)
      const head = await askTwo(port, { ...asked, method: 'HEAD' })
      t.not(head.next, 'other', `HEAD ${asked.path}`)
    }
  })
}

const FAILING: Readonly<Record<string, RangeSource>> = {
  open: {
    open() {
      throw new Error('it broke')
    },
  },
  read: {
    open: () => ({
      size: 100_000,
      etag: '"v1"',
      // biome-ignore lint/correctness/useYield: it fails before.
      *read() {
        throw new Error('it broke')
      },
      close() {},
    }),
  },
  readAt: {
    open: () => ({
      size: 1000,
      etag: '"v1"',
      readAt: () => Promise.reject(new Error('it broke')),
      close() {},
    }),
  },
}

for (const isSeen of [false, true]) {
  for (const [form, rewrite] of Object.entries(LENGTHS)) {
    const name = `HTTP/1.1: the error of a source is cut if its length is wrong: ${form}${isSeen ? ', with a hook' : ''}`
    t.test(name, async (t) => {
      const { port } = await serve(t, {
        plugin: { root: t.testdir({}) },
        routes(app) {
          app.get('/next', async () => NEXT)
          app.register(async (scope) => {
            scope.addHook('onRequest', async (_request, { raw }) => wrap(raw, rewrite))
            if (isSeen) scope.addHook('onSend', async (_request, _reply, payload) => payload)
            for (const [path, source] of Object.entries(FAILING))
              scope.get(`/${path}`, (_request, reply) => reply.sendRange('x', { source }))
          })
        },
      })
      for (const path of Object.keys(FAILING)) {
        for (const range of [undefined, 'bytes=0-9']) {
          const seen = await askTwo(port, { path: `/${path}`, fields: range === undefined ? {} : { range } })
          t.equal(seen.next, 'nothing', `${path} ${range}`)
          t.not(seen.isWhole, true)
        }
      }
    })
  }
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

  t.test(`${protocol}: a 416 to which a hook gives another status has no field about ranges`, async (t) => {
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

  t.test(`${protocol}: errors that no hook changes are sent as they are`, async (t) => {
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

/** The next answer on the connection is not ours. */
function onErrors({ onRequest, onSend }: Way): Way {
  return {
    ...(onSend && {
      onSend: (reply, payload) => (reply.statusCode === 200 ? payload : onSend(reply, payload)),
    }),
    ...(onRequest && { onRequest }),
  }
}
