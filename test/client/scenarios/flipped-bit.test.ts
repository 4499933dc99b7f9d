// A bit that a proxy flips between our server and range-get is found, and at most one segment is fetched again.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request as ask, createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { DownloadOptions, SegmentReport } from 'range-get'
import t, { type Test } from 'tap'
import { serve, until } from '../../plugin/support/serve.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { get } from '../support/run.ts'

const MIB = 1024 * 1024
/** The first segments of four connections are longer than a part with a Content-Digest can be. */
const SIZE = 24 * MIB
const MOST_AGAIN = 8 * MIB
const content = randomBytes(SIZE)
const CHECKSUM = `sha-256=${createHash('sha256').update(content).digest('hex')}`

/** A proxy that flips a bit once. The first body ends after the head of the second answer, if there are two connections. */
async function damagingProxy(t: Test, origin: number, { at: damagedAt, connections }: Row) {
  const seen = { flips: 0, answers: 0 }
  const server = createServer(async ({ method, url, headers }, response) => {
    const passed = ask({ host: '127.0.0.1', port: origin, method, path: url, headers })
    passed.end()
    response.on('close', () => passed.destroy())
    // A client may give up a request before it is answered.
    const [answer] = (await once(passed, 'response').catch(() => [])) as IncomingMessage[]
    if (answer === undefined) {
      response.destroy()
      return
    }
    seen.answers++
    response.writeHead(answer.statusCode ?? 0, answer.headers)
    let position = Number(/^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1] ?? 0)
    const passOn = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        const at = damagedAt - position
        if (at >= 0 && at < chunk.length && seen.flips++ === 0) chunk[at] = (chunk[at] ?? 0) ^ 1
        position += chunk.length
        yield chunk
        if (position > SIZE / 4 && connections > 1) await until(() => seen.answers > 1)
      }
    }
    // A client that has enough closes its connection.
    await pipeline(answer, passOn, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.bin` }
}

/** Asks until the server knows the digest of the file. */
async function hashed(port: number): Promise<void> {
  const headers = { 'want-repr-digest': 'sha-256=1' }
  for (;;) {
    const { headers: fields } = await fetch(`http://127.0.0.1:${port}/a.bin`, { method: 'HEAD', headers })
    if (fields.has('repr-digest')) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

interface Row {
  readonly name: string
  /** Where the bit is. No other connection takes this byte from the one that asks for it first. */
  readonly at: number
  readonly connections: number
  /** Does the server know the digest of the file before the download? */
  readonly server?: 'has hashed'
  readonly options?: DownloadOptions
}

const rows: Row[] = [
  { name: 'by four connections, while the server has no digest of the file', at: 12_345, connections: 4 },
  { name: 'by four connections, with the digest of the file', at: 0, connections: 4, server: 'has hashed' },
  {
    name: 'by one connection, with the digest of the file',
    at: SIZE - 1,
    connections: 1,
    server: 'has hashed',
  },
  {
    name: 'by one connection, with a checksum of the caller',
    at: 8 * MIB - 1,
    connections: 1,
    options: { checksum: CHECKSUM },
  },
  {
    name: 'in long segments that were asked for',
    at: 10 * MIB,
    connections: 2,
    server: 'has hashed',
    options: { segmentSize: 10 * MIB },
  },
]

for (const row of rows) {
  t.test(`a flipped bit is found, and at most one segment is fetched again (${row.name})`, async (t) => {
    const folder = t.testdir({ served: {}, got: {} })
    const root = join(folder, 'served')
    writeFileSync(join(root, 'a.bin'), content)
    const { port } = await serve(t, { plugin: { root } })
    if (row.server === 'has hashed') await hashed(port)
    const { seen, url } = await damagingProxy(t, port, row)
    const reports: SegmentReport[] = []
    const end = await get(url, join(folder, 'got'), {
      connections: row.connections,
      stallTimeout: 30_000,
      onSegment: (report) => void reports.push(report),
      ...row.options,
    })
    t.equal(end.code, null, end.message)
    t.ok(seen.flips > 0)
    sameBytes(t, end.file ?? Buffer.alloc(0), content)
    const received = reports.reduce((sum, { bytes }) => sum + bytes, 0)
    t.ok(received > SIZE, 'the damaged part was received twice')
    t.ok(received <= SIZE + MOST_AGAIN, `${received - SIZE} bytes were received again`)
  })
}
