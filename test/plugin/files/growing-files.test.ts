import { appendFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const SIZE = 12 * 1024 * 1024
const EARLY_BYTES = 16 * 1024
const A = Buffer.alloc(SIZE, 'A')
const OLD = new Date('2020-01-01T00:00:00Z')

/** Appends to a file from this process, again and again, until a promise settles. */
async function whileGrowing<T>(path: string, act: () => Promise<T>): Promise<T> {
  let over = false
  const acted = act().finally(() => {
    over = true
  })
  while (!over) {
    await appendFile(path, 'B'.repeat(100))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return acted
}

interface Change {
  readonly name: string
  readonly change: (path: string) => void
}

const GROWTH: readonly Change[] = [
  { name: 'nothing', change: () => {} },
  { name: 'a byte is appended', change: (path) => appendFileSync(path, 'B') },
  { name: 'it doubles', change: (path) => appendFileSync(path, Buffer.alloc(SIZE, 'B')) },
  {
    name: 'a byte is appended, the mtime put back',
    change: (path) => {
      appendFileSync(path, 'B')
      utimesSync(path, OLD, OLD)
    },
  },
]

const OTHER: readonly Change[] = [
  { name: 'truncated', change: (path) => truncateSync(path, 100_000) },
  { name: 'rewritten at the same size', change: (path) => writeFileSync(path, Buffer.alloc(SIZE, 'B')) },
]

for (const { name, change } of GROWTH) {
  t.test(`acceptRanges 'none' sends the bytes of the size at opening (${name})`, async (t) => {
    const root = t.testdir({ 'f.log': A })
    utimesSync(join(root, 'f.log'), OLD, OLD)
    const { port, errors } = await serve(t, { plugin: { root, acceptRanges: 'none' } })
    const client = await RawClient.connect(port)
    client.request('GET', '/f.log', ['Range: bytes=0-3'])
    const head = await client.readHead()
    t.equal(head.status, 200)
    t.equal(head.fields.get('accept-ranges'), 'none')
    t.equal(head.fields.get('content-length'), String(SIZE))
    t.match(head.fields.get('etag'), /^W\//, 'what may grow has no strong tag')
    const early = await client.readBytes(EARLY_BYTES)
    change(join(root, 'f.log'))
    const late = await client.readBytes(SIZE - EARLY_BYTES)
    sameBytes(t, Buffer.concat([early, late]), A)
    t.equal((await client.exchange('HEAD', '/f.log')).status, 200, 'and the connection goes on')
    client.destroy()
    t.strictSame(errors(), [])
  })
}

for (const { name, change } of OTHER) {
  t.test(`acceptRanges 'none' still cuts a file that changed without growing (${name})`, async (t) => {
    const root = t.testdir({ 'f.log': A })
    const { port } = await serve(t, { plugin: { root, acceptRanges: 'none' } })
    const client = await RawClient.connect(port)
    client.request('GET', '/f.log')
    await client.readHead()
    const early = await client.readBytes(EARLY_BYTES)
    change(join(root, 'f.log'))
    const late = await client.readBytes(SIZE - EARLY_BYTES)
    t.ok(early.length + late.length < SIZE)
    client.destroy()
  })
}

for (const size of [10, 40_000, 3_000_000]) {
  for (const options of [{ acceptRanges: 'none' }, { etag: 'content' }] as const) {
    t.test(
      `every answer about a file that this process appends to is whole (${size} bytes, ${JSON.stringify(options)})`,
      async (t) => {
        const root = t.testdir({ 'f.log': Buffer.alloc(size, 'A') })
        const path = join(root, 'f.log')
        const { port } = await serve(t, { plugin: { root, ...options } })
        const client = await RawClient.connect(port)
        await whileGrowing(path, async () => {
          for (let turn = 0; turn < 20; turn++) {
            const { status, body, complete, fields } = await client.exchange('GET', '/f.log')
            if (status !== 200 || !complete) t.fail(`status ${status}: ${body.subarray(0, 200)}`)
            sameBytes(t, body.subarray(0, size), Buffer.alloc(size, 'A'))
            t.notMatch(fields.get('etag') ?? '', /^"/)
          }
        })
        client.destroy()
        t.ok(statSync(path).size > size)
      },
    )
  }
}

t.test('by default a file that grows while it is sent is cut', async (t) => {
  const root = t.testdir({ 'f.bin': A })
  const { port } = await serve(t, { plugin: { root } })
  for (const range of [undefined, `bytes=0-${SIZE - 1000}`]) {
    const client = await RawClient.connect(port)
    client.request('GET', '/f.bin', range === undefined ? [] : [`Range: ${range}`])
    const length = Number((await client.readHead()).fields.get('content-length'))
    const early = await client.readBytes(EARLY_BYTES)
    writeFileSync(join(root, 'f.bin'), Buffer.alloc(SIZE + 1000, 'B'))
    const late = await client.readBytes(length - EARLY_BYTES)
    t.ok(early.length + late.length < length, 'a rewrite that ends longer is no mixture')
    client.destroy()
    writeFileSync(join(root, 'f.bin'), A)
  }
})
