// Failures of TLS by their right names; what may pass is tried again.
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

/** Ends each handshake with this alert; after `count` of them, connections are led to `port`. */
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

const rows: { alert: number; name: RegExp; connections: number }[] = [
  { alert: 40, name: /TLS with the server failed/, connections: 3 },
  { alert: 80, name: /TLS with the server failed/, connections: 3 },
  { alert: 112, name: /TLS with the server failed/, connections: 3 },
  { alert: 42, name: /requires a client certificate/, connections: 1 },
  { alert: 116, name: /requires a client certificate/, connections: 1 },
  { alert: 70, name: /no version or cipher/, connections: 1 },
]

for (const { alert, name, connections } of rows) {
  t.test(`alert ${alert} ends each handshake`, async (t) => {
    const { server, seen } = alerting(alert)
    const end = await get(`https://127.0.0.1:${await listen(t, server)}/x.bin`, t.testdir({}), { retries: 2 })
    t.equal(end.code, 'ERR_DOWNLOAD_TLS')
    t.match(end.message, name)
    t.notMatch(end.message, /not trusted/)
    t.equal(seen.connections, connections)
  })
}

t.test('https to an http port', async (t) => {
  const port = await listen(
    t,
    createHttpServer((_, response) => response.end('x')),
  )
  const end = await get(`https://127.0.0.1:${port}/x.bin`, t.testdir({}))
  t.equal(end.code, 'ERR_DOWNLOAD_TLS')
  t.match(end.message, /does not speak TLS on this port\. Is the port for http\?/)
})

t.test('real certificates', { skip: withoutOpenssl() }, async (t) => {
  const { key, cert } = makeCertificate(t.testdir({}))
  const serve = (options: object) =>
    createHttpsServer({ key, cert, ...options }, (_, response) => response.end('x'))

  t.test('one that is not trusted', async (t) => {
    const end = await get(`https://127.0.0.1:${await listen(t, serve({}))}/x.bin`, t.testdir({}))
    t.equal(end.code, 'ERR_DOWNLOAD_TLS')
    t.match(end.message, /the server's certificate is not trusted: self-signed certificate/)
  })

  t.test('an alert in the first handshake only: the next one is made', async (t) => {
    const { server, seen } = alerting(80, 1, await listen(t, serve({})))
    const end = await get(`https://127.0.0.1:${await listen(t, server)}/x.bin`, t.testdir({}))
    t.match(end.message, /not trusted/, 'as far as the certificate')
    t.equal(seen.connections, 2)
  })
})
