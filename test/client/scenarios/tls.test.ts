// A TLS failure is reported by its right name, and retried if another attempt may succeed.
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { get } from '../support/run.ts'

async function listen(t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  return (server.address() as AddressInfo).port
}

/** Ends the first `count` handshakes with this alert. Later connections are forwarded to `port`. */
function alerting(alert: number, count = Number.POSITIVE_INFINITY, port = 0) {
  const seen = { connections: 0 }
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (++seen.connections <= count) {
      socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, alert])))
      return
    }
    const onward = connect(port, '127.0.0.1')
    onward.on('error', () => undefined)
    socket.pipe(onward).pipe(socket)
    socket.on('close', () => onward.destroy())
  })
  return { server, seen }
}

const rows: { alert: number; message: RegExp; connections: number }[] = [
  { alert: 40, message: /TLS with the server failed/, connections: 3 },
  { alert: 80, message: /TLS with the server failed/, connections: 3 },
  { alert: 112, message: /TLS with the server failed/, connections: 3 },
  { alert: 42, message: /requires a client certificate/, connections: 1 },
  { alert: 116, message: /requires a client certificate/, connections: 1 },
  { alert: 70, message: /no version or cipher/, connections: 1 },
]

for (const { alert, message, connections } of rows) {
  t.test(`alert ${alert} in each handshake is reported after ${connections} attempts`, async (t) => {
    const { server, seen } = alerting(alert)
    const end = await get(`https://127.0.0.1:${await listen(t, server)}/x.bin`, t.testdir({}), { retries: 2 })
    t.equal(end.code, 'ERR_DOWNLOAD_TLS')
    t.match(end.message, message)
    t.notMatch(end.message, /not trusted/)
    t.equal(seen.connections, connections)
  })
}

t.test('https to an http port is reported as that', async (t) => {
  const port = await listen(
    t,
    createHttpServer((_, response) => response.end('x')),
  )
  const end = await get(`https://127.0.0.1:${port}/x.bin`, t.testdir({}))
  t.equal(end.code, 'ERR_DOWNLOAD_TLS')
  t.match(end.message, /does not speak TLS on this port\. Is the port for http\?/)
})

t.test('the handshake is completed with a real certificate', { skip: withoutOpenssl() }, async (t) => {
  const { key, cert } = makeCertificate(t.testdir({}))
  const serve = (options: object) =>
    createHttpsServer({ key, cert, ...options }, (_, response) => response.end('x'))

  t.test('a certificate that is not trusted is refused', async (t) => {
    const end = await get(`https://127.0.0.1:${await listen(t, serve({}))}/x.bin`, t.testdir({}))
    t.equal(end.code, 'ERR_DOWNLOAD_TLS')
    t.match(end.message, /the server's certificate is not trusted: self-signed certificate/)
  })

  t.test('an alert in the first handshake alone leads to a second attempt', async (t) => {
    const { server, seen } = alerting(80, 1, await listen(t, serve({})))
    const end = await get(`https://127.0.0.1:${await listen(t, server)}/x.bin`, t.testdir({}))
    t.match(end.message, /not trusted/, 'the second handshake got as far as the certificate')
    t.equal(seen.connections, 2)
  })
})
