// Bodies that only the end of their connection ends: a reset is not that end, however late it is seen.
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet } from '../support/command.ts'
import { makeContent, sha256, startHostile } from '../support/hostile-server.ts'
import { get, names } from '../support/run.ts'

const CONTENT = makeContent(300_000)
const HALF = CONTENT.subarray(0, 150_000)
/** Fits into any receive buffer: the end behind it arrives although the client does not read. */
const SHORT = CONTENT.subarray(0, 40_000)
/** Bytes per second: what the client has not read when the reset comes. */
const SLOW = 400_000
const UNFRAMED = 'HTTP/1.1 200 OK\r\n\r\n'

/** What ends a connection after its last byte, as `socket` or, below TLS, `tcp`. */
type Finish = (socket: Socket) => void

const reset: Finish = (socket) => void setTimeout(() => socket.resetAndDestroy(), 50)
const finish: Finish = (socket) => void socket.end()
const finishThenReset: Finish = (socket) => {
  socket.end()
  setTimeout(() => socket.resetAndDestroy(), 300)
}

interface Row {
  name: string
  head: string
  bytes: Buffer
  finish: Finish
  limitRate?: number
  want: 'ERR_DOWNLOAD_NETWORK' | Buffer
}

const rows: Row[] = [
  { name: 'a reset, read late', head: UNFRAMED, bytes: HALF, finish: reset, limitRate: SLOW },
  { name: 'a reset, read at once', head: UNFRAMED, bytes: HALF, finish: reset },
  {
    name: 'a reset behind a body that is read in one piece',
    head: UNFRAMED,
    bytes: HALF.subarray(0, 200),
    finish: (socket: Socket) => void setImmediate(() => socket.resetAndDestroy()),
  },
  { name: 'HTTP/1.0', head: 'HTTP/1.0 200 OK\r\n\r\n', bytes: HALF, finish: reset, limitRate: SLOW },
  {
    name: 'with a validator',
    head: 'HTTP/1.1 200 OK\r\nConnection: close\r\nETag: "v"\r\n\r\n',
    bytes: HALF,
    finish: reset,
    limitRate: SLOW,
  },
].map((row): Row => ({ ...row, want: 'ERR_DOWNLOAD_NETWORK' }))

rows.push(
  { name: 'a clean end, read late', head: UNFRAMED, bytes: CONTENT, finish, limitRate: SLOW, want: CONTENT },
  {
    name: 'a clean end and then a reset',
    head: UNFRAMED,
    bytes: SHORT,
    finish: finishThenReset,
    limitRate: 50_000,
    want: SHORT,
  },
)

for (const { name, head, bytes, finish, limitRate, want } of rows) {
  t.test(`no length: ${name}`, async (t) => {
    const server = await startHostile((_, socket) => {
      socket.write(head)
      socket.write(bytes)
      finish(socket)
    })
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const limit = limitRate === undefined ? {} : { limitRate }
    const end = await get(`${server.url}/file.bin`, dir, { retries: 1, stallTimeout: 5000, ...limit })
    if (typeof want === 'string') {
      t.equal(end.code, want)
      t.equal(end.file?.length, undefined, 'no file')
      t.equal(server.requests.length, 2, 'it is tried again')
    } else {
      t.equal(end.code, null, end.message)
      t.ok(end.file?.equals(want))
      t.equal(end.result?.integrity, 'nothing')
      t.strictSame(end.result?.warnings, [], 'without TLS this is no news')
      t.strictSame(names(dir), ['file.bin'])
    }
  })
}

t.test('no length, over TLS', { skip: withoutOpenssl() }, async (t) => {
  const certificate = makeCertificate(t.testdir({}))

  /** Runs the command with a server that answers so, and ends TLS or only what is below it. */
  async function run(t: Test, answer: (tls: TLSSocket, tcp: Socket) => void, args: string[] = []) {
    const tcps = new Map<number | undefined, Socket>()
    const server = createServer({ key: certificate.key, cert: certificate.cert }, (tls) => {
      tls.on('error', () => undefined)
      const tcp = tcps.get(tls.remotePort)
      tls.once('data', () => tcp !== undefined && answer(tls, tcp))
    })
    server.on('connection', (tcp: Socket) =>
      tcps.set(
        tcp.remotePort,
        tcp.on('error', () => undefined),
      ),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    t.teardown(() => {
      for (const tcp of tcps.values()) tcp.destroy()
      server.close()
    })
    const dir = t.testdir({})
    const url = `https://localhost:${port}/file.bin`
    const { ended } = rangeGet(['--retries', '0', '--json', ...args, url], dir, {
      NODE_EXTRA_CA_CERTS: certificate.path,
    })
    const { status, stdout, stderr } = await ended
    if (status !== 0) t.comment(stderr, stdout)
    return { status, names: names(dir), stdout }
  }

  const unframed = (tls: TLSSocket, bytes: Buffer): void => {
    tls.write(UNFRAMED)
    tls.write(bytes)
  }

  for (const [how, args] of [
    ['at once', []],
    ['late', ['--limit-rate', '400k']],
  ] as const) {
    t.test(`a reset, read ${how}`, async (t) => {
      const end = await run(
        t,
        (tls, tcp) => {
          unframed(tls, HALF)
          reset(tcp)
        },
        [...args],
      )
      t.equal(end.status, 3)
      t.notMatch(end.names, ['file.bin'])
    })

    t.test(`close_notify, read ${how}`, async (t) => {
      const end = await run(
        t,
        (tls) => {
          unframed(tls, CONTENT)
          tls.end()
        },
        [...args],
      )
      t.equal(end.status, 0)
      t.strictSame(end.names, ['file.bin'])
      t.match(end.stdout, /"integrity":"nothing"/)
      t.match(end.stdout, /"warnings":\["[^"]*anybody on the way could have cut/)
    })
  }

  t.test('no close_notify: cannot be told from the other, and is not called proof', async (t) => {
    const end = await run(t, (tls, tcp) => {
      unframed(tls, HALF)
      setTimeout(() => tcp.end(), 100)
    })
    t.equal(end.status, 0)
    t.match(end.stdout, /"integrity":"nothing"/)
    t.match(end.stdout, /"warnings":\["[^"]*anybody on the way could have cut/)
  })

  t.test('no close_notify, but a length or chunks: a cut is seen', async (t) => {
    for (const field of ['Content-Length: 300000', 'Transfer-Encoding: chunked']) {
      const end = await run(t, (tls, tcp) => {
        tls.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n${field.includes('chunked') ? '493e0\r\n' : ''}`)
        tls.write(HALF)
        setTimeout(() => tcp.end(), 100)
      })
      t.equal(end.status, 3, field)
    }
  })

  t.test('a length: no warning', async (t) => {
    const end = await run(t, (tls) => {
      tls.write(`HTTP/1.1 200 OK\r\nContent-Length: ${HALF.length}\r\n\r\n`)
      tls.write(HALF)
    })
    t.equal(end.status, 0)
    t.match(end.stdout, /"warnings":\[\]/)
  })

  t.test('no length, but the right checksum: no warning', async (t) => {
    const end = await run(
      t,
      (tls) => {
        unframed(tls, CONTENT)
        tls.end()
      },
      ['--checksum', `sha-256=${sha256(CONTENT)}`],
    )
    t.equal(end.status, 0)
    t.match(end.stdout, /"integrity":"digest"/)
    t.match(end.stdout, /"warnings":\[\]/)
  })
})
