// Wrappers of `reply.raw` that were there before the plugin, and lose bytes: no client takes another answer for them.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import { CHANNELS } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { distinctBytes } from '../support/distinct-bytes.ts'
import { localhostCertificate } from '../support/localhost-certificate.ts'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve, serveEverything } from '../support/serve.ts'

const NOTHING = Buffer.alloc(0)
const SHORT = Buffer.from('hello, ranges')
const LONG = distinctBytes(600_000)

type Call = (...given: unknown[]) => unknown

/** Has `change` called in the place of a method, with the method. */
function wrap(
  raw: ServerResponse,
  name: 'write' | 'end',
  change: (original: Call, given: unknown[]) => unknown,
) {
  const original = (raw[name] as Call).bind(raw)
  Object.assign(raw, { [name]: (...given: unknown[]) => change(original, given) })
}

/** The same call with less of its bytes. */
function less(given: readonly unknown[], keep: number): unknown[] {
  const [chunk, ...rest] = given
  return chunk instanceof Uint8Array || typeof chunk === 'string'
    ? [chunk.slice(0, keep), ...rest]
    : [...given]
}

/** How bytes get lost. */
const LOSSES: Readonly<Record<string, (raw: ServerResponse) => void>> = {
  'end drops its bytes': (raw) => wrap(raw, 'end', (end) => end()),
  'end drops the last byte': (raw) => wrap(raw, 'end', (end, given) => end(...less(given, -1))),
  'write drops the last byte': (raw) => wrap(raw, 'write', (write, given) => write(...less(given, -1))),
  'write passes bytes on later, and end does not': (raw) =>
    wrap(raw, 'write', (write, given) => {
      setImmediate(() => write(...given))
      return true
    }),
}

/** What loses nothing. */
const HARMLESS: Readonly<Record<string, (raw: ServerResponse) => void>> = {
  'write and end pass everything on': (raw) => {
    wrap(raw, 'write', (write, given) => write(...given))
    wrap(raw, 'end', (end, given) => end(...given))
  },
  'end comes later': (raw) => wrap(raw, 'end', (end, given) => void setTimeout(() => end(...given), 20)),
}

const FILES: Readonly<Record<string, Buffer>> = { 'short.txt': SHORT, 'long.bin': LONG }
const RANGES = [undefined, 'bytes=3-9', 'bytes=0-1,5-8', 'bytes=1-']

interface Case {
  readonly change: (raw: ServerResponse) => void
  readonly secure: boolean
}

/** Serves the files. `?wrapped` has `change` called before anything else. */
async function serveWrapped(t: Test, { change, secure }: Case): Promise<Served> {
  return await serve(t, {
    plugin: { root: t.testdir(FILES) },
    ...(secure && { server: { https: localhostCertificate } }),
    routes: (app) => {
      app.addHook('onRequest', async ({ query }, { raw }) => {
        if (Object.hasOwn(query as object, 'wrapped')) change(raw)
      })
      serveEverything(app)
    },
  })
}

/** The outcomes of the answers, in turn. */
function outcomes(t: Test): string[] {
  const seen: string[] = []
  const note = (_: unknown, name: string | symbol): void => void seen.push(String(name))
  for (const channel of Object.values(CHANNELS)) {
    subscribe(channel, note)
    t.teardown(() => unsubscribe(channel, note))
  }
  return seen
}

/** Sends two requests at once, of which the first answer is wrapped. */
async function askTwice(
  { port }: Served,
  secure: boolean,
  [name, range]: readonly [string, string | undefined],
): Promise<RawClient> {
  const client = await (secure ? RawClient.connectSecurely(port) : RawClient.connect(port))
  client.request('GET', `/${name}?wrapped`, range === undefined ? [] : [`Range: ${range}`])
  client.request('GET', '/short.txt')
  return client
}

/** Of several ranges, only what comes between them. */
function isRight(body: Buffer, name: string, range: string | undefined): boolean {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? 'bytes=0-') ?? []
  if (first === undefined) return !body.includes('HTTP/1.1')
  const end = last ? Number(last) + 1 : undefined
  return body.equals((FILES[name] ?? NOTHING).subarray(Number(first), end))
}

const asked = Object.keys(FILES).flatMap((name) => RANGES.map((range) => [name, range] as const))

for (const secure of [false, true]) {
  const over = secure ? 'over TLS, ' : ''
  for (const [what, change] of Object.entries(LOSSES))
    t.test(`${over}when ${what}, the connection ends before the next answer`, async (t) => {
      const seen = outcomes(t)
      const served = await serveWrapped(t, { change, secure })
      for (const [name, range] of asked) {
        const before = served.errors().length
        const client = await askTwice(served, secure, [name, range])
        const { body, complete } = await client
          .readAnswer('GET')
          .catch(() => ({ body: NOTHING, complete: false }))
        const wrapped = `${name}, ${range ?? 'whole'}`
        // A body of one write has nothing to lose in a method that it is not written with.
        if (complete) t.ok(isRight(body, name, range), `${wrapped}: the bytes of the file`)
        else {
          t.equal(await client.drain(), 0, `${wrapped}: nothing follows`)
          t.equal(seen.at(-1), CHANNELS.aborted, wrapped)
          t.ok(served.errors().length > before, `${wrapped}: it is logged`)
        }
        client.destroy()
      }
    })
  for (const [what, change] of Object.entries(HARMLESS))
    t.test(`${over}when ${what}, both answers are right`, async (t) => {
      const served = await serveWrapped(t, { change, secure })
      for (const [name, range] of asked) {
        const client = await askTwice(served, secure, [name, range])
        t.equal((await client.readAnswer('GET')).complete, true, `${name}, ${range ?? 'whole'}`)
        sameBytes(t, (await client.readAnswer('GET')).body, SHORT, 'the next answer')
        client.destroy()
      }
      t.strictSame(served.errors(), [])
    })
}

t.test('answers to HEAD are right whatever the application then calls the method', async (t) => {
  const served = await serve(t, {
    plugin: { root: t.testdir(FILES) },
    server: {
      rewriteUrl: (request) => {
        const isRenamed = request.url?.endsWith('?as-get') === true
        if (isRenamed) request.method = 'GET'
        return request.url ?? '/'
      },
    },
  })
  const client = await RawClient.connect(served.port)
  for (const [name, range] of asked) {
    const lines = range === undefined ? [] : [`Range: ${range}`]
    t.ok((await client.exchange('HEAD', `/${name}?as-get`, lines)).complete, `${name}, ${range ?? 'whole'}`)
    sameBytes(t, (await client.exchange('GET', '/short.txt')).body, SHORT, 'the next answer')
  }
  client.destroy()
  t.strictSame(served.errors(), [])
})
