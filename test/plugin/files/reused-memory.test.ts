import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { localhostCertificate } from '../support/localhost-certificate.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve, serveEverything, until } from '../support/serve.ts'

const SIZE = 4 * 1024 * 1024
/** As long as an answer can be that goes out as one Buffer. */
const LENGTH = 64 * 1024
const content = numberedLines(SIZE)

/** Starts of ranges, spread over the file, no two alike. */
const STARTS = Array.from({ length: 48 }, (_, index) => (index * 131_071) % (SIZE - LENGTH))

const range = (first: number): string => `Range: bytes=${first}-${first + LENGTH - 1}`

async function serveContent(t: Test, routes?: (app: FastifyInstance) => unknown): Promise<Served> {
  const root = t.testdir({ 'data.bin': content })
  return serve(t, { plugin: { root }, ...(routes && { routes }) })
}

async function ask(port: number, first: number): Promise<void> {
  const headers = { range: `bytes=${first}-${first + LENGTH - 1}` }
  const answer = await fetch(`http://127.0.0.1:${port}/data.bin`, { headers })
  await answer.arrayBuffer()
}

const LINES = [
  { name: 'TCP', connect: RawClient.connect, server: {} },
  { name: 'TLS', connect: RawClient.connectSecurely, server: { https: localhostCertificate } },
]

for (const { name, connect, server } of LINES) {
  t.test(`answers that wait for their clients keep their bytes (${name})`, async (t) => {
    const root = t.testdir({ 'data.bin': content })
    const { port } = await serve(t, { plugin: { root }, server })
    // Far more than the sockets swallow: most of it waits in the server.
    const slow = await Promise.all(Array.from({ length: 4 }, () => connect(port)))
    const asked = [...STARTS, ...STARTS, ...STARTS, ...STARTS]
    for (const client of slow) {
      for (const first of asked) client.request('GET', '/data.bin', [range(first)])
    }
    // In turn until all of those have stopped, then at once, so that all memory that is free is used.
    const [alone, ...others] = await Promise.all(STARTS.map(() => connect(port)))
    for (const first of STARTS) await alone?.exchange('GET', '/data.bin', [range(first)])
    await Promise.all(others.map((client, index) => client.exchange('GET', '/data.bin', [range(index)])))
    const spoilt: number[] = []
    for (const client of slow) {
      for (const first of asked) {
        const { status, body } = await client.readAnswer('GET')
        if (status !== 206 || !body.equals(content.subarray(first, first + LENGTH))) spoilt.push(first)
      }
    }
    t.same(spoilt, [], 'although others are answered in the meantime')
    for (const client of [...slow, ...others, alone]) client?.destroy()
  })
}

t.test('answers to clients that leave do not change those to others', async (t) => {
  const { port } = await serveContent(t)
  const spoilt: string[] = []
  for (let round = 0; round < 20; round++) {
    const leaving = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(port)))
    for (const client of leaving) {
      for (const first of STARTS) client.request('GET', '/data.bin', [range(first)])
    }
    const staying = await RawClient.connect(port)
    for (const first of STARTS) staying.request('GET', '/data.bin', [range(first)])
    for (const client of leaving) client.socket.resetAndDestroy()
    for (const first of STARTS) {
      const { body } = await staying.readAnswer('GET')
      if (!body.equals(content.subarray(first, first + LENGTH))) spoilt.push(`round ${round}, from ${first}`)
    }
    staying.destroy()
  }
  t.same(spoilt.slice(0, 3), [])
})

/** Code that receives a payload may keep it for any time. */
const KEEPERS: Readonly<Record<string, (app: FastifyInstance, kept: unknown[]) => void>> = {
  'an onSend hook of the application': (app, kept) => {
    app.addHook('onSend', async (_request, _reply, payload) => {
      kept.push(payload)
    })
    serveEverything(app)
  },
  'an onSend hook of the route': (app, kept) => {
    app.get<{ Params: { '*': string } }>(
      '/*',
      {
        onSend: async (_request, _reply, payload) => {
          kept.push(payload)
        },
      },
      (request, reply) => reply.sendRange(request.params['*']),
    )
  },
  'an onSend hook around a not-found handler, which no list of routes shows': (app, kept) => {
    app.register(async (inner) => {
      inner.addHook('onSend', async (_request, _reply, payload) => {
        kept.push(payload)
      })
      inner.setNotFoundHandler((_request, reply) => reply.code(200).sendRange('data.bin'))
    })
  },
  'a wrapper around the end of the response': (app, kept) => {
    app.addHook('onRequest', async (_request, reply) => {
      const { raw } = reply
      const end = raw.end.bind(raw) as (chunk: unknown) => typeof raw
      raw.end = ((chunk: unknown) => {
        kept.push(chunk)
        return end(chunk)
      }) as typeof raw.end
    })
    serveEverything(app)
  },
}

for (const [keeper, routes] of Object.entries(KEEPERS)) {
  t.test(`a payload may be kept without any change to other answers (${keeper})`, async (t) => {
    const kept: unknown[] = []
    const { port } = await serveContent(t, (app) => routes(app, kept))
    for (const first of STARTS) await ask(port, first)
    await until(() => kept.length === STARTS.length)
    const spoilt = STARTS.filter(
      (first, index) => !content.subarray(first, first + LENGTH).equals(kept[index] as Buffer),
    )
    t.same(spoilt, [], 'every payload is still what it was')
  })
}
