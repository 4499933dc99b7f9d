// A store whose connections break, and objects that are overwritten: clients notice nothing, and never get a mixture.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { withEachStore } from '../../support/stores/shared-store.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/serve.ts'
import { parseMultipart } from '../support/strict-multipart.ts'
import { distinctBytes, serveStore } from './support/served-store.ts'

const MIB = 1024 * 1024

/** `STORE_OBJECT_MIB=1024` downloads 1 GiB, by the same way. */
const OBJECT_MIB = Number(process.env['STORE_OBJECT_MIB'] ?? 32)

/** An object of any size, made while it is read. */
function* objectParts(): Generator<Buffer> {
  const part = distinctBytes(MIB)
  for (let at = 0; at < OBJECT_MIB; at++) {
    part.writeUInt32BE(at)
    yield Buffer.from(part)
  }
}

async function hashOfDownload(t: Test, port: number): Promise<string> {
  const client = await RawClient.connect(port)
  t.teardown(() => client.destroy())
  client.request('GET', '/large.bin')
  const { status, fields } = await client.readHead()
  t.equal(status, 200)
  const hash = createHash('sha256')
  for (let left = Number(fields.get('content-length')); left > 0; ) {
    const part = await client.readBytes(Math.min(left, MIB))
    if (part.length === 0) throw new Error(`cut ${left} bytes before the end`)
    hash.update(part)
    left -= part.length
  }
  return hash.digest('hex')
}

// The store may still be starting, beside other tests.
t.setTimeout(600_000)

t.test('a download outlives three resets and a stall of the store, in one request of the client', (t) =>
  withEachStore(t, async (t, store) => {
    const { port, bucket, proxy, errors } = await serveStore(t, store, { stallTimeout: 1000 })
    const hash = createHash('sha256')
    for (const part of objectParts()) hash.update(part)
    const length = String(OBJECT_MIB * MIB)
    await bucket.putStream('large.bin', Readable.from(objectParts()), { 'content-length': length })
    proxy.spoil(
      { after: 5 * MIB, how: 'reset' },
      { after: 0, how: 'reset' },
      { after: 3 * MIB + 1, how: 'reset' },
      { after: 7777, how: 'stall' },
    )
    t.equal(await hashOfDownload(t, port), hash.digest('hex'))
    t.equal(proxy.faultsLeft, 0)
    t.equal(proxy.requests.length, 5)
    const [first, ...later] = proxy.requests
    t.equal(first?.fields.get('if-match'), undefined)
    for (const { fields } of later) t.match(fields.get('if-match'), /^"[0-9a-f]+"$/, 'of the same version')
    t.strictSame(errors(), [])
  }),
)

/** A version: all its words are its number. */
const VERSION_BYTES = 300_000
function version(number: number): Buffer {
  const bytes = Buffer.alloc(VERSION_BYTES)
  for (let at = 0; at < VERSION_BYTES; at += 4) bytes.writeUInt32BE(number, at)
  return bytes
}

/** The numbers of the versions whose bytes these are. The range must begin and end between two words. */
function versionsIn(bytes: Buffer): number[] {
  const numbers = new Set<number>()
  for (let at = 0; at < bytes.length; at += 4) numbers.add(bytes.readUInt32BE(at))
  return [...numbers]
}

/** Each needs one request to the store, since the size is known. */
const REQUESTS = [
  {},
  { range: 'bytes=40-200003' },
  { range: 'bytes=-80000' },
  { range: 'bytes=200000-' },
  { range: 'bytes=0-39999,60000-99999' },
  { range: 'bytes=0-39999', 'if-range': '"other"' },
  { 'if-none-match': '"other"' },
]

/** The bytes of the object in an answer, of one part or of several. */
function objectBytes(type: string, body: Buffer): Buffer {
  return type.startsWith('multipart/')
    ? Buffer.concat(parseMultipart(type, body).map(({ bytes }) => bytes))
    : body
}

t.test('an object that is overwritten 100 times under load is never mixed, and no answer fails', (t) =>
  withEachStore(t, async (t, store) => {
    const { app, bucket, errors } = await serveStore(t, store)
    await bucket.put('f.bin', version(0))
    // Then the size is known, and each answer costs one request: it is of one version.
    await app.inject({ method: 'HEAD', url: '/f.bin' })
    let isOver = false
    const seen = new Set<number>()
    const statuses = new Map<number, number>()
    const read = async (headers: Record<string, string>): Promise<void> => {
      while (!isOver) {
        const answer = await app.inject({ url: '/f.bin', headers })
        statuses.set(answer.statusCode, 1 + (statuses.get(answer.statusCode) ?? 0))
        const versions =
          answer.statusCode < 300
            ? versionsIn(objectBytes(String(answer.headers['content-type']), answer.rawPayload))
            : []
        if (versions.length > 1)
          t.fail(`a mixture of the versions ${versions} for ${JSON.stringify(headers)}`)
        for (const each of versions) seen.add(each)
      }
    }
    const readers = REQUESTS.map(read)
    for (let number = 1; number <= 100; number++) await bucket.put('f.bin', version(number))
    await until(() => seen.has(100))
    isOver = true
    await Promise.all(readers)
    t.strictSame([...statuses.keys()].sort(), [200, 206], JSON.stringify([...statuses]))
    t.ok(seen.size > 10, `${seen.size} versions were seen`)
    t.strictSame(errors(), [])
  }),
)
