import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify from 'fastify'
import rangePlugin from 'fastify-send-range'
import t from 'tap'
import { RangeCache } from '#plugin/files/range-cache.js'
import { sameBytes } from '../../support/same-bytes.ts'

const SIZE = 1_500_000
const CHUNK = 16 * 1024
/** As much of a long body as is written at once. */
const WRITE = 512 * 1024
const content = Buffer.from(Uint8Array.from({ length: SIZE }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

/** The length of a part's head, delimiter included; boundaries are all of one length. */
const headLength = (delimiter: string, first: number, last: number): number =>
  `${delimiter}--${'x'.repeat(36)}\r\nContent-Type: application/octet-stream\r\n`.length +
  `Content-Range: bytes ${first}-${last}/${SIZE}\r\n\r\n`.length

/** Two ranges whose last byte ends a write, so that the trailer begins the next one. */
function rangesThatEndWithAWrite(second: number): string {
  for (let length = WRITE - 2 * CHUNK; length < WRITE; length++) {
    const before = headLength('\r\n', 0, length - 1) + length + headLength('\r\n', second, second + CHUNK - 1)
    if (before % WRITE === 0) return `bytes=0-${length - 1},${second}-${second + CHUNK - 1}`
  }
  throw new Error('no such length')
}

t.test('cached bytes are those of the file, whatever followed them in the answer', async (t) => {
  const root = t.testdir({})
  writeFileSync(join(root, 'data.bin'), content)
  const app = Fastify()
  await app.register(rangePlugin, { root })
  app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  const get = async (range: string): Promise<Buffer> => {
    const answer = await fetch(`http://127.0.0.1:${port}/data.bin`, { headers: { range } })
    t.equal(answer.status, 206, range)
    return Buffer.from(await answer.arrayBuffer())
  }
  const second = 1_200_000
  await get(rangesThatEndWithAWrite(second))
  for (const again of ['first', 'second', 'third']) {
    const part = await get(`bytes=${second}-${second + CHUNK - 1}`)
    sameBytes(t, part, content.subarray(second, second + CHUNK), `the ${again} time`)
  }
})

t.test('a range is found by its first position and its length', async (t) => {
  const ranges = new RangeCache().forVersion()
  const bytes = Buffer.from('0123')
  ranges.keep(8, bytes)
  bytes.fill('x')
  t.equal(ranges.find(8, 4)?.toString(), '0123', 'a copy is kept')
  t.equal(ranges.find(8, 3), undefined)
  t.equal(ranges.find(9, 4), undefined)
  ranges.keep(0, Buffer.alloc(CHUNK + 1))
  t.equal(ranges.find(0, CHUNK + 1), undefined, 'not a large one')
})

t.test('two versions do not share a range', async (t) => {
  const cache = new RangeCache()
  const old = cache.forVersion()
  old.keep(0, Buffer.from('old'))
  t.equal(cache.forVersion().find(0, 3), undefined)
  t.equal(old.find(0, 3)?.toString(), 'old')
})

t.test(
  'all versions together stay within the limit, also those that are not requested any more',
  async (t) => {
    const bound = 1024 * 1024
    const cache = new RangeCache(bound)
    for (let version = 0; version < 30; version++) {
      const ranges = cache.forVersion()
      for (let at = 0; at < 128; at++) ranges.keep(at * CHUNK, Buffer.alloc(CHUNK))
      t.ok(cache.heldBytes <= bound, `after version ${version}: ${cache.heldBytes}`)
    }
    const tiny = cache.forVersion()
    for (let at = 0; at < 100_000; at++) tiny.keep(at, Buffer.from('b'))
    t.ok(cache.heldBytes <= bound)
    t.equal(tiny.find(0, 1), undefined, 'what was used longest ago went')
    t.equal(tiny.find(99_999, 1)?.toString(), 'b', 'the newest is there')
  },
)

t.test('a range that is used stays in the cache', async (t) => {
  const ranges = new RangeCache(20_000).forVersion()
  ranges.keep(0, Buffer.from('used'))
  for (let at = 10; at < 200; at++) {
    ranges.keep(at, Buffer.from('b'))
    t.equal(ranges.find(0, 4)?.toString(), 'used')
  }
  t.equal(ranges.find(10, 1), undefined)
})
