// Bodies that end when their connection is closed. A reset is not such an end, even if it is seen late.
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet } from '../support/command.ts'
import { makeContent, sha256, startHostile } from '../support/hostile-server.ts'
import { get, names } from '../support/run.ts'

const CONTENT = makeContent(300_000)
const HALF = CONTENT.subarray(0, 150_000)
/** Fits into any receive buffer, so the end after it arrives although the client does not read. */
const SHORT = CONTENT.subarray(0, 40_000)
/** So slow that the client has not read everything when the reset comes. */
const SLOW_BYTES_PER_SECOND = 400_000
const HEAD_WITHOUT_LENGTH = 'HTTP/1.1 200 OK\r\n\r\n'

/** Ends a connection after its last byte. */
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
  {
    name: 'a reset that is read late is a failure',
    head: HEAD_WITHOUT_LENGTH,
    bytes: HALF,
    finish: reset,
    limitRate: SLOW_BYTES_PER_SECOND,
  },
  {
    name: 'a reset that is read at once is a failure',
    head: HEAD_WITHOUT_LENGTH,
    bytes: HALF,
    finish: reset,
  },
  {
    name: 'a reset after a body that is read in one chunk is a failure',
    head: HEAD_WITHOUT_LENGTH,
    bytes: HALF.subarray(0, 200),
    finish: (socket: Socket) => void setImmediate(() => socket.resetAndDestroy()),
  },
  {
    name: 'a reset is a failure (HTTP/1.0)',
    head: 'HTTP/1.0 200 OK\r\n\r\n',
    bytes: HALF,
    finish: reset,
    limitRate: SLOW_BYTES_PER_SECOND,
  },
  {
    name: 'a reset is a failure (with an ETag)',
    head: 'HTTP/1.1 200 OK\r\nConnection: close\r\nETag: "v"\r\n\r\n',
    bytes: HALF,
    finish: reset,
    limitRate: SLOW_BYTES_PER_SECOND,
  },
].map((row): Row => ({ ...row, want: 'ERR_DOWNLOAD_NETWORK' }))

rows.push(
  {
    name: 'a clean end that is read late completes the file',
    head: HEAD_WITHOUT_LENGTH,
    bytes: CONTENT,
    finish,
    limitRate: SLOW_BYTES_PER_SECOND,
    want: CONTENT,
  },
  {
    name: 'a clean end completes the file, although a reset follows',
    head: HEAD_WITHOUT_LENGTH,
    bytes: SHORT,
    finish: finishThenReset,
    limitRate: 50_000,
    want: SHORT,
  },
)

for (const { name, head, bytes, finish, limitRate, want } of rows) {
  t.test(`without a length, ${name}`, async (t) => {
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
      t.equal(end.file?.length, undefined, 'there is no file')
      t.equal(server.requests.length, 2, 'the download is retried')
    } else {
      t.equal(end.code, null, end.message)
      sameBytes(t, end.file, want)
      t.equal(end.result?.integrity, 'nothing')
      t.strictSame(end.result?.warnings, [], 'there is no warning without TLS')
      t.strictSame(names(dir), ['file.bin'])
    }
  })
}

t.test(
  'over TLS, an end without a length is known by its close_notify',
  { skip: withoutOpenssl() },
  async (t) => {
    const certificate = makeCertificate(t.testdir({}))

    /** Runs the command. `answer` answers its request, and ends TLS or only the TCP connection below. */
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

    const sendWithoutLength = (tls: TLSSocket, bytes: Buffer): void => {
      tls.write(HEAD_WITHOUT_LENGTH)
      tls.write(bytes)
    }

    for (const [how, args] of [
      ['at once', []],
      ['late', ['--limit-rate', '400k']],
    ] as const) {
      t.test(`a reset that is read ${how} is a failure`, async (t) => {
        const end = await run(
          t,
          (tls, tcp) => {
            sendWithoutLength(tls, HALF)
            reset(tcp)
          },
          [...args],
        )
        t.equal(end.status, 3)
        t.notMatch(end.names, ['file.bin'])
      })

      t.test(`a close_notify that is read ${how} completes the file, with a warning`, async (t) => {
        const end = await run(
          t,
          (tls) => {
            sendWithoutLength(tls, CONTENT)
            tls.end()
          },
          [...args],
        )
        t.equal(end.status, 0)
        t.strictSame(end.names, ['file.bin'])
        t.match(end.stdout, /"integrity":"nothing"/)
        t.match(end.stdout, /"warnings":\["[^"]*an attacker on the network could have cut/)
      })
    }

    t.test('an end without close_notify looks the same, so integrity is reported as nothing', async (t) => {
      const end = await run(t, (tls, tcp) => {
        sendWithoutLength(tls, HALF)
        setTimeout(() => tcp.end(), 100)
      })
      t.equal(end.status, 0)
      t.match(end.stdout, /"integrity":"nothing"/)
      t.match(end.stdout, /"warnings":\["[^"]*an attacker on the network could have cut/)
    })

    t.test('a cut is detected without close_notify if there is a length or chunks', async (t) => {
      for (const field of ['Content-Length: 300000', 'Transfer-Encoding: chunked']) {
        const end = await run(t, (tls, tcp) => {
          tls.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n${field.includes('chunked') ? '493e0\r\n' : ''}`)
          tls.write(HALF)
          setTimeout(() => tcp.end(), 100)
        })
        t.equal(end.status, 3, field)
      }
    })

    t.test('a body with a length has no warning', async (t) => {
      const end = await run(t, (tls) => {
        tls.write(`HTTP/1.1 200 OK\r\nContent-Length: ${HALF.length}\r\n\r\n`)
        tls.write(HALF)
      })
      t.equal(end.status, 0)
      t.match(end.stdout, /"warnings":\[\]/)
    })

    t.test('a body without a length has no warning if its checksum is right', async (t) => {
      const end = await run(
        t,
        (tls) => {
          sendWithoutLength(tls, CONTENT)
          tls.end()
        },
        ['--checksum', `sha-256=${sha256(CONTENT)}`],
      )
      t.equal(end.status, 0)
      t.match(end.stdout, /"integrity":"checksum"/)
      t.match(end.stdout, /"warnings":\[\]/)
    })
  },
)
