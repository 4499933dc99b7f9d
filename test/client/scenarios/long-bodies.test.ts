// Bodies so long that they bypass node:http: each way in which one can end, and what follows.
import { createHash, randomBytes } from 'node:crypto'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet } from '../support/command.ts'
import {
  atFirst,
  type HostileServer,
  head,
  honest,
  part,
  type RawRequest,
  resource,
  type Script,
  send,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { killAfter } from '../support/kill.ts'
import { type End, get, names, QUICK, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const MIB = 1024 * 1024
const SIZE = 17 * MIB + 3
const CONTENT = randomBytes(SIZE)
const A = resource(CONTENT)
const B = resource(randomBytes(SIZE))
/** A length up to which node:http reads the body. */
const SHORT = 8 * MIB

t.setTimeout(300_000)

const tail = (start: number): { start: number; end: number } => ({ start, end: SIZE })
const contentDigest = (bytes: Buffer): string =>
  `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

/** Sends a correct head and the body up to byte `until` of the file, and then calls `end`. */
const broken =
  (until: number, end: (socket: Socket) => void): Script =>
  async (request, socket) => {
    const range = wanted(request, SIZE) ?? tail(0)
    await send(socket, part(range, SIZE, A.fields))
    await send(socket, CONTENT.subarray(range.start, until))
    end(socket)
  }

interface Row {
  name: string
  script: Script
  options?: DownloadOptions
  want?: Buffer
  also?: (t: Test, end: End, server: HostileServer) => void
}

const AT = 9 * MIB
const goesOnFrom =
  (start: number): NonNullable<Row['also']> =>
  (t, _, { requests }) =>
    t.equal(requests[1]?.range?.start, start, 'it resumes where the connection broke off')

const ONE: DownloadOptions = { connections: 1 }

const ROWS: readonly Row[] = [
  { name: 'a correct answer', script: honest(A) },
  {
    name: 'a new connection after each long body',
    script: honest(A),
    options: { ...ONE, segmentSize: 16 * MIB },
    also: (t, _, { requests, connections }) => t.strictSame([requests.length, connections], [2, 2]),
  },
  {
    name: 'one connection for short bodies',
    script: honest(A),
    options: { ...ONE, segmentSize: SHORT },
    also: (t, _, { requests, connections }) => t.strictSame([requests.length, connections], [3, 1]),
  },
  { name: 'four connections', script: honest(A), options: { connections: 4, segmentSize: 17 * MIB } },
  ...[0, 1, 70_000, SIZE - 1].map(
    (bytes): Row => ({
      name: `${bytes} bytes of the body together with the head`,
      script: async (request, socket) => {
        const range = wanted(request, SIZE) ?? tail(0)
        const body = CONTENT.subarray(range.start, range.end)
        const first = Buffer.concat([Buffer.from(part(range, SIZE, A.fields)), body.subarray(0, bytes)])
        await send(socket, first)
        await sleep(30)
        await send(socket, body.subarray(bytes))
      },
    }),
  ),
  {
    name: 'a head and the first bytes of the body one by one',
    script: async (request, socket) => {
      const range = wanted(request, SIZE) ?? tail(0)
      const body = CONTENT.subarray(range.start, range.end)
      const first = Buffer.concat([Buffer.from(part(range, SIZE, A.fields)), body.subarray(0, 50)])
      for (const byte of first) {
        await send(socket, Buffer.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
      for (let at = 50; at < body.length; at += 777_777) await send(socket, body.subarray(at, at + 777_777))
    },
  },
  {
    name: 'the connection is closed in the middle',
    script: atFirst(
      1,
      broken(AT, (socket) => socket.end()),
      A,
    ),
    also: goesOnFrom(AT),
  },
  {
    name: 'the connection is reset in the middle',
    script: atFirst(
      1,
      broken(AT, (socket) => setTimeout(() => socket.resetAndDestroy(), 100)),
      A,
    ),
    // A reset loses the bytes that have not been read.
    also: (t, _, { requests }) => {
      const start = requests[1]?.range?.start ?? 0
      t.ok(start > AT / 2 && start <= AT, `it resumes from ${start}`)
    },
  },
  {
    name: 'silence in the middle',
    script: atFirst(
      1,
      broken(AT, () => undefined),
      A,
    ),
    also: goesOnFrom(AT),
  },
  {
    name: 'closed one byte before the end',
    script: atFirst(
      1,
      broken(SIZE - 1, (socket) => socket.end()),
      A,
    ),
    also: goesOnFrom(SIZE - 1),
  },
  {
    name: 'more bytes than announced',
    script: broken(SIZE, (socket) => socket.end(randomBytes(100_000))),
    also: (t, _, { requests }) => t.equal(requests.length, 1),
  },
  {
    name: 'another answer behind the body',
    script: broken(SIZE, (socket) => socket.write(`${head('200 OK', { 'content-length': 3 })}bad`)),
    options: { ...ONE, segmentSize: 16 * MIB },
  },
  {
    name: 'the file changes after the connection broke off',
    script: atFirst(
      1,
      broken(AT, (socket) => socket.end()),
      B,
    ),
    want: B.content,
  },
  {
    name: 'no ranges, broken off once',
    script: (request, socket) => {
      socket.write(head('200 OK', { ...A.fields, 'content-length': SIZE }))
      if (request.index > 0) socket.write(CONTENT)
      else socket.end(CONTENT.subarray(0, AT))
    },
  },
  {
    name: 'no ranges after the connection broke off',
    script: async (request, socket) => {
      if (request.index === 0) return broken(AT, (socket) => socket.end())(request, socket)
      await send(socket, head('200 OK', { ...A.fields, 'content-length': SIZE }))
      await send(socket, CONTENT)
    },
  },
  {
    name: 'a wrong Content-Digest once',
    script: (request, socket) => answerWithDigest(request, socket, request.index === 0),
    also: (t, _, { requests }) => t.equal(requests[1]?.range?.start, 0, 'fetched again'),
  },
]

async function answerWithDigest(request: RawRequest, socket: Socket, isWrong: boolean): Promise<void> {
  const range = wanted(request, SIZE) ?? tail(0)
  const body = CONTENT.subarray(range.start, Math.min(range.end, range.start + 16 * MIB))
  const span = { start: range.start, end: range.start + body.length }
  const digest = contentDigest(isWrong ? body.subarray(1) : body)
  await send(socket, part(span, SIZE, { ...A.fields, 'content-digest': digest }))
  await send(socket, body)
}

for (const { name, script, options = ONE, want = CONTENT, also } of ROWS) {
  t.test(`a download gets the exact file (${name})`, async (t) => {
    const server = await startHostile(script)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const end = await get(`${server.url}/file.bin`, dir, options)
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, want, 'the exact file')
    t.strictSame(names(dir), ['file.bin'])
    also?.(t, end, server)
  })
}

t.test('a connection is closed at the end of a long body', async (t) => {
  let isClosed = false
  const server = await startHostile(async (request, socket) => {
    socket.on('close', () => {
      isClosed = true
    })
    if (request.index > 0) while (!isClosed) await sleep(10)
    await honest(A)(request, socket)
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { ...ONE, segmentSize: 16 * MIB })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(server.requests.length, 2, 'the second request was answered after that')
})

t.test('an idle connection takes half of a long body from another one', async (t) => {
  // Not faster than a busy machine reads, because bytes in the buffers of the system are wasted when half is taken away.
  const server = await startSlow(A, 128 * 1024)
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { connections: 2, segmentSize: 17 * MIB })
  sameBytes(t, end.file, CONTENT, end.message)
  t.ok(server.requests.length >= 3, `${server.requests.length} requests`)
  t.ok(server.served < SIZE * 1.3, `${server.served} bytes sent`)
})

const starts = ({ requests }: HostileServer) => requests.map(({ range }) => range?.start)

t.test('a download that is paused in a long body resumes there', async (t) => {
  const server = await startSlow(A, 512 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = download(`${server.url}/file.bin`, join(dir, 'file.bin'), { ...QUICK, connections: 1 })
  await server.hasServed(AT)
  run.pause()
  await sleep(100)
  const { served } = server
  await sleep(200)
  t.ok(server.served - served <= 512 * 1024, 'nothing is sent during the pause')
  const { received } = run.progress
  t.ok(received > 0)
  run.resume()
  await run.finished
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
  t.strictSame(starts(server), [0, received], 'nothing is asked for twice')
})

t.test('the next run resumes in a long body after an abort', async (t) => {
  const server = await startSlow(A, 512 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const controller = new AbortController()
  const options = { ...QUICK, connections: 1, signal: controller.signal }
  const run = download(`${server.url}/file.bin`, join(dir, 'file.bin'), options)
  await server.hasServed(AT)
  controller.abort()
  await t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
  const { received } = run.progress
  t.ok(received > 0)
  const end = await get(`${server.url}/file.bin`, dir, { connections: 1 })
  sameBytes(t, end.file, CONTENT, end.message)
  t.strictSame(starts(server), [0, received], 'nothing is asked for twice')
})

t.test('the next run resumes in a long body after a kill', async (t) => {
  const server = await startSlow(A, 128 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const args = ['-q', '-o', 'file.bin', '-n', '1']
  for (let kill = 0; kill < 3; kill++) await killAfter(server, SIZE / 5, { dir, args })
  t.equal((await rangeGet([...args, `${server.url}/file.bin`], dir).ended).status, 0)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
  // How much of what was sent a killed run had read and recorded depends on how busy the machine is.
  const [first, ...later] = starts(server)
  t.equal(first, 0)
  t.ok(later.length >= 3 && !later.includes(0), `each later run goes on from what was recorded: ${later}`)
  t.strictSame(
    later,
    later.toSorted((a = 0, b = 0) => a - b),
    'and not before what an earlier one had',
  )
})

t.test(
  'a long body over TLS is exact (from a name with several addresses)',
  { skip: withoutOpenssl() },
  async (t) => {
    const dir = t.testdir({})
    const { key, cert, path } = makeCertificate(dir)
    let connections = 0
    const server = createTlsServer({ key, cert }, (socket) => {
      connections++
      socket.on('error', () => undefined)
      socket.once('data', (request) => {
        const start = Number(/bytes=(\d+)-/i.exec(request.toString('latin1'))?.[1] ?? 0)
        socket.write(part({ start, end: SIZE }, SIZE, A.fields))
        // It breaks off in the middle the first time.
        if (start > 0) socket.write(CONTENT.subarray(start))
        else socket.end(CONTENT.subarray(0, AT))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const { port } = server.address() as AddressInfo
    const args = ['-q', '-n', '1', '-o', 'file.bin', `https://localhost:${port}/file.bin`]
    const { status, stderr } = await rangeGet(args, dir, { NODE_EXTRA_CA_CERTS: path }).ended
    t.equal(status, 0, stderr)
    sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
    t.equal(connections, 2)
  },
)

t.test('nothing is kept of a long part in chunks that is longer than announced', async (t) => {
  const size = 150 * MIB
  const content = Buffer.alloc(size)
  for (let at = 0; at < size; at += MIB) content.writeUInt32LE(at, at)
  const file = resource(content)
  const server = await startHostile(async (request, socket) => {
    const range = wanted(request, size)
    if (request.index !== 1 || range === null) return await honest(file)(request, socket)
    // The whole file in place of the part.
    const field = { 'content-range': `bytes ${range.start}-${range.end - 1}/${size}` }
    await send(
      socket,
      head('206 Partial Content', { ...file.fields, ...field, 'transfer-encoding': 'chunked' }),
    )
    await send(socket, `${size.toString(16)}\r\n`)
    await send(socket, content)
    await send(socket, '\r\n0\r\n\r\n')
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { ...ONE, segmentSize: 70 * MIB })
  t.equal(end.code, null, end.message)
  sameBytes(t, end.file, content, 'the exact file')
})
