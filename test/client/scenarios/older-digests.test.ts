// Every digest that a server sends is held against the bytes, in whichever field it comes. The result says what it proves.
import { createHash } from 'node:crypto'
import type { DownloadOptions, DownloadResult } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { head, honest, type Script, startHostile } from '../support/hostile-server.ts'
import { get } from '../support/run.ts'

const CONTENT = Buffer.from('123456789')
const SIZE = CONTENT.length
const CRC32 = 'y/Q5Jg=='
const CRC32C = '4waSgw=='
const CRC64 = 'rosUhgp5mIg='

const hash = (name: string, text: Buffer | string = CONTENT): string =>
  createHash(name).update(text).digest('base64')
const WRONG = { md5: hash('md5', '?'), sha256: hash('sha256', '?') }

/** A server with these fields on each answer, and no validator. */
const withFields = (fields: Record<string, string>): Script => {
  return honest({ content: CONTENT, fields })
}

interface Row {
  name: string
  fields: Record<string, string>
  want: DownloadResult['integrity'] | 'ERR_DOWNLOAD_DIGEST' | 'ERR_DOWNLOAD_PROTOCOL'
  digest?: DownloadResult['digest']
  options?: DownloadOptions
}

const FULL = { 'x-amz-checksum-type': 'FULL_OBJECT' }
const WHOLE_OBJECT: [name: string, digest: DownloadResult['digest'], value: string][] = [
  ['sha256', 'sha-256', hash('sha256')],
  ['sha1', 'sha-1', hash('sha1')],
  ['crc32', 'crc32', CRC32],
  ['crc32c', 'crc32c', CRC32C],
  ['crc64nvme', 'crc64nvme', CRC64],
]

const rows: Row[] = [
  { name: 'Digest', fields: { digest: `SHA-256=${hash('sha256')}` }, want: 'digest', digest: 'sha-256' },
  { name: 'Digest', fields: { digest: `SHA-512=${hash('sha512')}` }, want: 'digest', digest: 'sha-512' },
  { name: 'Digest', fields: { digest: `SHA=${hash('sha1')}` }, want: 'undamaged', digest: 'sha-1' },
  { name: 'Digest, wrong', fields: { digest: `SHA-256=${WRONG.sha256}` }, want: 'ERR_DOWNLOAD_DIGEST' },
  { name: 'Content-MD5', fields: { 'content-md5': hash('md5') }, want: 'undamaged', digest: 'md5' },
  { name: 'Content-MD5, wrong', fields: { 'content-md5': WRONG.md5 }, want: 'ERR_DOWNLOAD_DIGEST' },
  {
    name: 'Repr-Digest with md5',
    fields: { 'repr-digest': `md5=:${hash('md5')}:` },
    want: 'undamaged',
    digest: 'md5',
  },
  {
    name: 'Repr-Digest with a wrong sha',
    fields: { 'repr-digest': `sha=:${hash('sha1', '?')}:` },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'x-goog-hash',
    fields: { 'x-goog-hash': `crc32c=${CRC32C},md5=${hash('md5')}` },
    want: 'undamaged',
    digest: 'md5',
  },
  {
    name: 'x-goog-hash, the md5 wrong',
    fields: { 'x-goog-hash': `crc32c=${CRC32C},md5=${WRONG.md5}` },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'x-goog-hash, the crc32c wrong',
    fields: { 'x-goog-hash': `crc32c=AAAAAA==,md5=${hash('md5')}` },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'x-goog-hash of what was decompressed',
    fields: { 'x-goog-hash': 'crc32c=AAAAAA==', 'x-goog-stored-content-encoding': 'gzip' },
    want: 'length',
  },
  ...WHOLE_OBJECT.flatMap(([name, digest, value]): Row[] => [
    {
      name: `x-amz-checksum-${name}`,
      fields: { ...FULL, [`x-amz-checksum-${name}`]: value },
      want: digest === 'sha-256' ? 'digest' : 'undamaged',
      digest,
    },
    {
      name: `x-amz-checksum-${name}, wrong`,
      fields: { ...FULL, [`x-amz-checksum-${name}`]: value.replace(/^./, 'x') },
      want: 'ERR_DOWNLOAD_DIGEST',
    },
  ]),
  {
    name: 'x-amz-checksum-crc32c of parts',
    fields: { 'x-amz-checksum-type': 'COMPOSITE', 'x-amz-checksum-crc32c': 'AAAAAA==-2' },
    want: 'length',
  },
  {
    name: 'a wrong Content-MD5 beside a right Repr-Digest',
    fields: { 'repr-digest': `sha-256=:${hash('sha256')}:`, 'content-md5': WRONG.md5 },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a wrong sha-256 beside a right sha-512',
    fields: { 'repr-digest': `sha-256=:${WRONG.sha256}:, sha-512=:${hash('sha512')}:` },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a wrong Content-MD5, and the right checksum',
    fields: { 'content-md5': WRONG.md5 },
    options: { checksum: `sha-256=${hash('sha256')}` },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a right Content-MD5, and the right checksum',
    fields: { 'content-md5': hash('md5') },
    options: { checksum: `sha-256=${hash('sha256')}` },
    want: 'checksum',
    digest: 'sha-256',
  },
  {
    name: 'two fields with different sha-256',
    fields: { 'repr-digest': `sha-256=:${hash('sha256')}:`, digest: `sha-256=${WRONG.sha256}` },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
]

for (const { name, fields, want, digest = null, options } of rows) {
  t.test(`a download ends with ${want} ${digest ?? ''} (${name})`, async (t) => {
    const server = await startHostile(withFields(fields))
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), options)
    if (want.startsWith('ERR_')) {
      t.equal(end.code, want, end.message)
      t.equal(end.file, null, 'there is no file')
      return
    }
    sameBytes(t, end.file, CONTENT, end.message)
    t.strictSame([end.result?.integrity, end.result?.digest], [want, digest])
  })
}

t.test('a Content-MD5 in the trailers of a whole file is verified', async (t) => {
  for (const [value, want] of [
    [hash('md5'), null],
    [WRONG.md5, 'ERR_DOWNLOAD_DIGEST'],
  ]) {
    const server = await startHostile((_, socket) => {
      const chunk = `${SIZE.toString(16)}\r\n${CONTENT}\r\n0\r\nContent-MD5: ${value}\r\n\r\n`
      socket.write(`${head('200 OK', { 'transfer-encoding': 'chunked' })}${chunk}`)
    })
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}))
    t.equal(end.code, want, end.message)
    t.equal(end.result?.digest, want === null ? 'md5' : undefined)
  }
})

t.test('a Content-MD5 of each part does not count for the file', async (t) => {
  const server = await startHostile((request, socket) => {
    const { start, end } = request.range ?? { start: 0, end: SIZE - 1 }
    const part = CONTENT.subarray(start, (end ?? SIZE - 1) + 1)
    const fields = { 'content-md5': hash('md5', part), etag: '"a"', 'content-length': part.length }
    const range = `bytes ${start}-${start + part.length - 1}/${SIZE}`
    socket.write(head('206 Partial Content', { ...fields, 'content-range': range }))
    socket.write(part)
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { segmentSize: 4, connections: 1 })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(end.result?.integrity, 'length')
})

t.test('a wrong Content-MD5 is exit status 7, and a right one is said to find damage alone', async (t) => {
  for (const [value, status, text] of [
    [WRONG.md5, 7, /its md5 is [0-9a-f]{32}, the one that the server sent is [0-9a-f]{32}/],
    [hash('md5'), 0, /md5 verified: not damaged on the way/],
  ] as const) {
    const server = await startHostile(withFields({ 'content-md5': value }))
    t.teardown(() => server.stop())
    const run = rangeGet([`${server.url}/file.bin`], t.testdir({}))
    const { status: actual, stderr } = await run.ended
    t.equal(actual, status)
    t.match(stderr, text)
  }
})
