import { connect } from 'node:http2'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FastifyInstance } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { missing } from '../../docs/support/programs.ts'
import { RawClient } from '../support/raw-client.ts'
import { type ServeOptions, serve, until } from '../support/serve.ts'
import { StalledClients } from '../support/stalled-clients.ts'

const KIB = 1024
const MIB = 1024 * KIB
const BIG = 64 * MIB

interface Served {
  readonly port: number
  /** Lengths of all reads for a name, in order. */
  readsOf(name: string): readonly number[]
}

/** A source of large things that keeps account of how much of them is asked for at once. */
async function serveCounted(t: Test, server: ServeOptions['server'] = {}): Promise<Served> {
  const reads = new Map<string, number[]>()
  const source: RangeSource = {
    open(name) {
      const lengths: number[] = []
      reads.set(name, lengths)
      return {
        size: BIG,
        etag: `"${name}"`,
        async readAt(target) {
          lengths.push(target.length)
          return target.length
        },
        close() {},
      }
    },
  }
  const { port } = await serve(t, {
    plugin: { source },
    server,
    routes: (app: FastifyInstance) =>
      app.get<{ Params: { name: string } }>('/:name', (request, reply) =>
        reply.sendRange(request.params.name),
      ),
  })
  return { port, readsOf: (name) => reads.get(name) ?? [] }
}

const named = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

const LARGE = 512 * KIB
const CAREFUL = 8 * KIB

/** Bytes of all buffers that something still holds. */
function bytesInBuffers(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage().arrayBuffers
}

t.test('the first answer of a connection is read in large chunks while few clients stall', async (t) => {
  const { port, readsOf } = await serveCounted(t)
  const client = await RawClient.connect(port)
  const { status, body } = await client.exchange('GET', '/first', [`Range: bytes=0-${4 * MIB - 1}`])
  t.equal(status, 206)
  t.equal(body.length, 4 * MIB)
  t.strictSame(readsOf('first'), Array(8).fill(LARGE))
  client.destroy()
})

t.test('a client that becomes slow over HTTP/2 gets small chunks again', async (t) => {
  const { port, readsOf } = await serveCounted(t, { http2: true })
  const session = connect(`http://127.0.0.1:${port}`)
  let slowMs = 0
  let shownMs = 0
  t.intercept(performance, 'now', { value: () => (shownMs += slowMs) })
  let length = 0
  for await (const chunk of session.request({ ':path': '/slow', range: `bytes=0-${4 * MIB - 1}` })) {
    length += (chunk as Buffer).length
    if (length > MIB) slowMs = 2000
  }
  session.destroy()
  t.equal(length, 4 * MIB)
  t.ok(readsOf('slow').includes(128 * KIB))
  t.strictSame(readsOf('slow').slice(-8), Array(8).fill(16 * KIB))
})

const skip = await missing('python3', '--version')

t.test(
  'while many clients stall, only clients that have read before get large chunks',
  { skip },
  async (t) => {
    const { port, readsOf } = await serveCounted(t)
    const settle = async (names: readonly string[]): Promise<void> => {
      const count = (): number => names.reduce((sum, name) => sum + readsOf(name).length, 0)
      for (let before = -1; before !== count(); ) {
        before = count()
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    const reader = await RawClient.connect(port)
    await reader.exchange('GET', '/read', [`Range: bytes=0-${MIB - 1}`])
    const names = named('stalled', 600)
    const stalled = new StalledClients(t, { port, path: '/stalled{n}', readBytes: 0 })
    await stalled.add(names.length)
    await settle(names)
    const inLarge = names.filter((name) => readsOf(name).at(-1) === LARGE)
    t.ok(inLarge.length <= 16, 'few hold a large piece')
    // Those that hold memory are late by then, and what they share is taken back.
    await new Promise((resolve) => setTimeout(resolve, 600))
    const held = bytesInBuffers()
    const more = named('more', 600)
    const others = new StalledClients(t, { port, path: '/more{n}', readBytes: 0 })
    await others.add(more.length)
    await settle(more)
    // What they share with the others is taken back a little later.
    const heldEach = (): number => (bytesInBuffers() - held) / more.length
    for (let wait = 0; wait < 50 && heldEach() > 2 * CAREFUL; wait++)
      await new Promise((resolve) => setTimeout(resolve, 200))
    t.ok(heldEach() <= 2 * CAREFUL, `those that come then hold little: ${Math.round(heldEach())} bytes each`)
    await reader.exchange('GET', '/proven', [`Range: bytes=0-${2 * MIB - 1}`])
    t.strictSame(readsOf('proven'), Array(4).fill(LARGE), 'a client that keeps up is not slowed down')
    reader.destroy()
    await others.leave()
    await stalled.leave()
    const again = named('again', 200)
    for (const name of again) {
      const client = await RawClient.connect(port)
      client.request('GET', `/${name}`)
      await until(() => readsOf(name).length > 0)
      client.destroy()
      if (readsOf(name)[0] === LARGE) break
    }
    t.ok(
      again.some((name) => readsOf(name)[0] === LARGE),
      'what they held comes back when they go',
    )
  },
)
