import { once } from 'node:events'
import { connect } from 'node:http2'
import { PassThrough, type Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { randomBelow } from '../../support/random-numbers.ts'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, serveEverything, until } from '../support/serve.ts'

const MIB = 1024 * 1024
const BIG = 12 * MIB

type Ask = readonly [method: string, target: string, ...lines: string[]]

const ASKS: readonly [Ask, ...Ask[]] = [
  ['GET', '/big.bin'],
  ['GET', '/big.bin', 'Range: bytes=0-3'],
  ['GET', '/big.bin', 'Range: bytes=100-'],
  ['GET', '/big.bin', 'Range: bytes=0-1000000, 2000000-5000000'],
  ['GET', '/big.bin', 'Range: bytes=99999999-'],
  ['GET', '/big.bin', 'If-None-Match: *'],
  ['HEAD', '/big.bin'],
  ['GET', '/small.txt'],
  ['GET', '/absent.txt'],
]

/** One client that asks once or more (pipelined), takes some of the answer, and is gone. */
async function comeAndGo(port: number, random: (below: number) => number): Promise<void> {
  const client = await RawClient.connect(port)
  const asks = Array.from({ length: 1 + random(3) }, () => ASKS[random(ASKS.length)] ?? ASKS[0]) as [
    Ask,
    ...Ask[],
  ]
  for (const [method, target, ...lines] of asks) client.request(method, target, lines)
  const moment = random(4)
  if (moment === 1) await new Promise((resolve) => setTimeout(resolve, random(5)))
  if (moment === 2) await client.readBytes(1)
  if (moment === 3) {
    const { fields } = await client.readHead()
    const length = asks[0][0] === 'HEAD' ? 0 : Number(fields.get('content-length') ?? 0)
    await client.readBytes(Math.min(length, 1 + random(2 * MIB)))
  }
  if (random(2) === 0) client.socket.resetAndDestroy()
  else client.destroy()
}

async function inCrowdsOf(size: number, count: number, act: () => Promise<void>): Promise<void> {
  let left = count
  const one = async (): Promise<void> => {
    while (left-- > 0) await act()
  }
  await Promise.all(Array.from({ length: size }, one))
}

const wrapped = (app: FastifyInstance): void => {
  app.addHook('onSend', async (_request, _reply, payload) =>
    typeof payload === 'object' && payload !== null && 'pipe' in payload
      ? (payload as Readable).pipe(new PassThrough())
      : payload,
  )
  serveEverything(app)
}

const STORMS = [
  { name: 'HTTP/1.1', count: 1000, routes: serveEverything },
  { name: 'HTTP/1.1 behind a transforming onSend', count: 300, routes: wrapped },
] as const

for (const { name, count, routes } of STORMS) {
  t.test(`clients that leave at any moment leave nothing open (${name})`, async (t) => {
    const root = t.testdir({ 'big.bin': Buffer.alloc(BIG, 'x'), 'small.txt': 'small' })
    const { port, errors } = await serve(t, { plugin: { root }, routes })
    const warnings: Error[] = []
    const collect = (warning: Error): unknown => warnings.push(warning)
    process.on('warning', collect)
    t.teardown(() => process.off('warning', collect))
    const random = randomBelow(count)
    await inCrowdsOf(16, count, () => comeAndGo(port, random))
    await until(() => descriptorsBelow(root) === 0)
    t.strictSame(errors(), [], 'no error is logged')
    t.strictSame(warnings, [], 'nor does Node warn, of listeners that pile up for example')
    const client = await RawClient.connect(port)
    const { body } = await client.exchange('GET', '/big.bin')
    t.equal(body.length, BIG, 'and the next client is served')
    client.destroy()
  })
}

t.test('HTTP/2 streams that are reset at any moment leave nothing open', async (t) => {
  const root = t.testdir({ 'big.bin': Buffer.alloc(BIG, 'x'), 'small.txt': 'small' })
  const { port, errors } = await serve(t, { plugin: { root }, server: { http2: true } })
  const random = randomBelow(2)
  const session = connect(`http://127.0.0.1:${port}`)
  await inCrowdsOf(16, 500, async () => {
    const [method, path, field] = ASKS[random(ASKS.length)] ?? ASKS[0]
    const [fieldName = 'x', value = ''] = field?.toLowerCase().split(': ') ?? []
    const stream = session.request({ ':method': method, ':path': path, [fieldName]: value })
    stream.on('error', () => {})
    if (random(3) > 0) await Promise.race([once(stream, 'response'), once(stream, 'close')])
    if (random(3) === 0) stream.resume()
    stream.close(8)
  })
  session.destroy()
  await until(() => descriptorsBelow(root) === 0)
  t.strictSame(errors(), [], 'no error is logged')
})

t.test('a connection that serves thousands of requests gets no listener for each', async (t) => {
  const root = t.testdir({ 'f.bin': Buffer.alloc(200_000, 'x') })
  const { app, port } = await serve(t, { plugin: { root } })
  const sockets: import('node:net').Socket[] = []
  app.server.on('connection', (socket) => sockets.push(socket))
  const client = await RawClient.connect(port)
  const counts = (): number[] =>
    (sockets[0]?.eventNames() ?? []).map((event) => sockets[0]?.listenerCount(event) ?? 0)
  await client.exchange('GET', '/f.bin')
  const before = counts()
  for (let turn = 0; turn < 300; turn++) {
    await client.exchange('GET', '/f.bin', turn % 2 === 0 ? [] : ['Range: bytes=0-9'])
  }
  t.strictSame(counts(), before)
  client.destroy()
})
