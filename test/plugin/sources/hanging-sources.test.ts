import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FastifyInstance } from 'fastify'
import { CHANNELS, type RangeSource, type Representation } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { smallChunks } from '#plugin/body/chunk-memory.js'
import { guardedRepresentation } from '#plugin/sources/guarded-source.js'
import { RawClient } from '../support/raw-client.ts'
import { serve, serveEverything, until } from '../support/serve.ts'

const CLIENTS = 12
const LARGE = 1024 * 1024
const SHORT = 20_000

/** Promises that never settle. They stay referenced, as by a lost connection to a store. */
const held: ((value: never) => void)[] = []
const hang = (): Promise<never> => new Promise((resolve) => held.push(resolve))

/** Promise.withResolvers is of Node 22. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<T>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { promise, resolve, reject }
}

let opened = 0
let closed = 0

function sourceOf(size: number, methods: object): RangeSource {
  return {
    open() {
      opened++
      return { size, etag: '"v"', close: () => void closed++, ...methods } as unknown as Representation
    },
  }
}

const readAt = async (target: Uint8Array): Promise<number> => target.fill(97).length
async function* read({ first, last }: { first: number; last: number }): AsyncGenerator<Uint8Array> {
  for (let at = first; at <= last; at += 10_000) yield Buffer.alloc(Math.min(10_000, last + 1 - at))
}
async function* readALittle(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(10_000)
  yield Buffer.alloc(10_000)
  await hang()
}

const SOURCES: Readonly<Record<string, RangeSource>> = {
  open: { open: hang },
  'readAt of a short answer': sourceOf(SHORT, { readAt: hang }),
  'readAt of a long answer': sourceOf(LARGE, { readAt: hang }),
  'a later readAt': sourceOf(LARGE, {
    readAt: (target: Uint8Array, position: number) => (position >= LARGE / 2 ? hang() : readAt(target)),
  }),
  'unchanged of a short answer': sourceOf(SHORT, { readAt, unchanged: hang }),
  'unchanged of a long answer': sourceOf(LARGE, { readAt, unchanged: hang }),
  'unchanged of a stream': sourceOf(SHORT, { read, unchanged: hang }),
  'the first read': sourceOf(SHORT, { read: () => ({ [Symbol.asyncIterator]: () => ({ next: hang }) }) }),
  'a later read': sourceOf(SHORT * 10, { read: readALittle }),
  close: sourceOf(SHORT, { readAt: hang, close: hang }),
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Requests that something still holds. */
async function stillHeld(requests: readonly WeakRef<object>[]): Promise<number> {
  await turn()
  collectGarbage()
  return requests.filter((request) => request.deref() !== undefined).length
}

/** Counts the events of a kind while the test runs. */
function countEvents(t: Test): { served: number; aborted: number } {
  const counts = { served: 0, aborted: 0 }
  for (const outcome of ['served', 'aborted'] as const) {
    const count = (): unknown => counts[outcome]++
    subscribe(CHANNELS[outcome], count)
    t.teardown(() => unsubscribe(CHANNELS[outcome], count))
  }
  return counts
}

/** Clients that send one request and leave when the test says so. */
const PROTOCOLS: Readonly<Record<string, (port: number, count: number) => Promise<() => void>>> = {
  'HTTP/1.1': async (port, count) => {
    const clients: RawClient[] = []
    for (let index = 0; index < count; index++) {
      const client = await RawClient.connect(port)
      client.request('GET', '/x')
      clients.push(client)
    }
    return () => {
      for (const client of clients) client.destroy()
    }
  },
  'HTTP/2': async (port, count) => {
    const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
    await once(session, 'connect')
    const streams = Array.from({ length: count }, () => session.request({ ':path': '/x' }))
    for (const stream of streams) stream.on('error', () => {}).resume()
    return () => {
      for (const stream of streams) stream.close()
      session.destroy()
    }
  },
}

for (const [what, source] of Object.entries(SOURCES)) {
  for (const [protocol, ask] of Object.entries(PROTOCOLS)) {
    t.test(
      `clients that leave while a source hangs leave nothing in memory (${what}, ${protocol})`,
      async (t) => {
        const requests: WeakRef<object>[] = []
        const routes = (app: FastifyInstance): void => {
          app.addHook('onRequest', async (request) => void requests.push(new WeakRef(request)))
          serveEverything(app)
        }
        const server = { http2: protocol === 'HTTP/2' }
        const { port, errors } = await serve(t, { plugin: { source }, server, routes })
        const counts = countEvents(t)
        const free = smallChunks.free
        held.length = 0
        const leave = await ask(port, CLIENTS)
        await until(() => held.length === CLIENTS)
        leave()
        await until(() => counts.aborted === CLIENTS)
        // The last of a connection may be held by Node itself.
        for (;;) if ((await stillHeld(requests)) <= 1) break
        t.equal(requests.length, CLIENTS)
        t.strictSame(counts, { served: 0, aborted: CLIENTS }, 'each is reported once')
        t.equal(smallChunks.free, free, 'no memory is in use')
        t.strictSame(errors(), [])
      },
    )
  }
}

t.test('a representation that is opened after the client has left is closed once', async (t) => {
  const source = sourceOf(SHORT, { readAt })
  const late: RangeSource = {
    open: () => hang().then(() => source.open('x', { signal: new AbortController().signal })),
  }
  const { port, errors } = await serve(t, { plugin: { source: late } })
  const counts = countEvents(t)
  held.length = 0
  opened = 0
  closed = 0
  const leave = await PROTOCOLS['HTTP/1.1']?.(port, CLIENTS)
  await until(() => held.length === CLIENTS)
  leave?.()
  await until(() => counts.aborted === CLIENTS)
  for (const open of held) open(undefined as never)
  await until(() => closed >= CLIENTS)
  await turn()
  t.strictSame({ opened, closed }, { opened: CLIENTS, closed: CLIENTS })
  t.strictSame(counts, { served: 0, aborted: CLIENTS })
  t.strictSame(errors(), [])
})

t.test('a representation is closed after a read that settles late, by a value or an error', async (t) => {
  for (const settle of ['resolve', 'reject'] as const) {
    let closes = 0
    const controller = new AbortController()
    const { promise, ...late } = withResolvers<number>()
    const given = { size: 4, readAt: () => promise, close: () => void closes++ }
    const guarded = guardedRepresentation(given, {
      signal: controller.signal,
      reopen: async () => undefined,
    })
    if (!('readAt' in guarded)) throw new Error('It is positional')
    const reading = guarded.readAt(new Uint8Array(4), 0, controller.signal)
    controller.abort()
    await t.rejects(reading, { code: 'ERR_RANGE_READ' })
    const closing = guarded.close()
    await turn()
    t.equal(closes, 0)
    late[settle](4)
    await closing
    t.equal(closes, 1)
  }
})

t.test('a representation is closed although a read of it never settles', async (t) => {
  // The wait for it holds no process open.
  const awake = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(awake))
  const controller = new AbortController()
  const ended: string[] = []
  const given = {
    size: 4,
    read: () => ({
      [Symbol.asyncIterator]: () => ({ next: hang, return: async () => void ended.push('return') as never }),
    }),
    close: () => void ended.push('close'),
  }
  const guarded = guardedRepresentation(given, {
    signal: controller.signal,
    reopen: async () => undefined,
    settleMs: 10,
  })
  if ('readAt' in guarded) throw new Error('It is streamed')
  const chunks = guarded.read({ first: 0, last: 3 }, controller.signal) as AsyncIterable<Uint8Array>
  const iterator = chunks[Symbol.asyncIterator]()
  const reading = iterator.next()
  controller.abort()
  await t.rejects(reading, { code: 'ERR_RANGE_READ' })
  await iterator.return?.()
  await guarded.close()
  t.strictSame(ended, ['close'])
})

t.test('an iterator cleans up after its last read, and before its representation is closed', async (t) => {
  const controller = new AbortController()
  const ended: string[] = []
  const { promise, resolve } = withResolvers<IteratorResult<Uint8Array>>()
  const given = {
    size: 4,
    read: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => promise,
        return: async () => {
          await turn()
          ended.push('return')
          throw new Error('odd')
        },
      }),
    }),
    close: () => void ended.push('close'),
  }
  const guarded = guardedRepresentation(given, { signal: controller.signal, reopen: async () => undefined })
  if ('readAt' in guarded) throw new Error('It is streamed')
  const chunks = guarded.read({ first: 0, last: 3 }, controller.signal) as AsyncIterable<Uint8Array>
  const iterator = chunks[Symbol.asyncIterator]()
  const reading = iterator.next()
  controller.abort()
  await t.rejects(reading, { code: 'ERR_RANGE_READ' })
  await iterator.return?.()
  const closing = guarded.close()
  await turn()
  t.strictSame(ended, [])
  resolve({ done: true, value: undefined })
  await closing
  t.strictSame(ended, ['return', 'close'])
})
