// A bit that a proxy flips between our server and range-get is found, and only its segment is fetched again.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request as ask, createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { serve } from '../../plugin/support/serve.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { get } from '../support/run.ts'

const MIB = 1024 * 1024
const SIZE = 20 * MIB
/** Where the bit is, well inside of a segment. */
const DAMAGED_AT = 10 * MIB + 12_345

/** A proxy that flips a bit in the first part with a Content-Digest. It lists the ranges that are asked for. */
async function damagingProxy(t: Test, origin: number) {
  const seen = { ranges: [] as string[], flips: 0 }
  const server = createServer(async ({ method, url, headers }, response) => {
    seen.ranges.push(String(headers.range))
    const passed = ask({ host: '127.0.0.1', port: origin, method, path: url, headers })
    passed.end()
    const [answer] = (await once(passed, 'response')) as [IncomingMessage]
    response.on('close', () => passed.destroy())
    response.writeHead(answer.statusCode ?? 0, answer.headers)
    let position = Number(/^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1] ?? 0)
    answer.on('data', (chunk: Buffer) => {
      const at = DAMAGED_AT - position
      if (
        at >= 0 &&
        at < chunk.length &&
        seen.flips === 0 &&
        answer.headers['content-digest'] !== undefined
      ) {
        chunk[at] = (chunk[at] ?? 0) ^ 1
        seen.flips++
      }
      position += chunk.length
      if (!response.write(chunk)) {
        answer.pause()
        response.once('drain', () => answer.resume())
      }
    })
    answer.on('end', () => response.end())
    answer.on('error', () => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.bin` }
}

t.test('a bit that a proxy flips is found, and its segment is fetched again, no other', async (t) => {
  const folder = t.testdir({ served: {}, got: {} })
  const root = join(folder, 'served')
  const content = randomBytes(SIZE)
  writeFileSync(join(root, 'a.bin'), content)
  const { port } = await serve(t, { plugin: { root } })
  const { seen, url } = await damagingProxy(t, port)
  const end = await get(url, join(folder, 'got'), { connections: 4 })
  t.equal(end.code, null)
  t.equal(seen.flips, 1)
  sameBytes(t, end.file ?? Buffer.alloc(0), content)
  const again = seen.ranges.filter((range, index) => seen.ranges.indexOf(range) < index)
  t.equal(again.length, 1, `one of ${seen.ranges.join(', ')}`)
  const [first = 0, last = 0] = again[0]?.match(/\d+/g)?.map(Number) ?? []
  t.ok(first <= DAMAGED_AT && DAMAGED_AT <= last, 'the damaged one')
})
