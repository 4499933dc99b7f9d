// Digests in fields that are older than RFC 9530. The values are those of the digits 1 to 9.
import t from 'tap'
import { olderDigests, type SentDigest } from '#client/rules/older-digests.js'

const MD5 = 'JfnnlDI7RTiF9RgfG2JNCw=='
const SHA1 = '98O8HYCOBHMqfdZZKzS/sWM1aV4='
const SHA256 = Buffer.alloc(32, 1).toString('base64')
const SHA512 = Buffer.alloc(64, 1).toString('base64')
const CRC32C = '4waSgw=='
const CRC64 = 'rosUhgp5mIg='

const rows: { name: string; fields: Record<string, string | string[]>; want: SentDigest[] }[] = [
  { name: 'no field', fields: {}, want: [] },
  {
    name: 'Digest with every algorithm, in any case',
    fields: { digest: `SHA-512=${SHA512}, sha-256=${SHA256},SHA=${SHA1}\t, md5=${MD5}` },
    want: [
      ['sha-512', SHA512],
      ['sha-256', SHA256],
      ['sha-1', SHA1],
      ['md5', MD5],
    ],
  },
  {
    name: 'Digest on two lines',
    fields: { digest: [`sha-256=${SHA256}`, `md5=${MD5}`] },
    want: [
      ['sha-256', SHA256],
      ['md5', MD5],
    ],
  },
  { name: 'Digest with unknown algorithms', fields: { digest: 'unixsum=30637, id-sha-256=AAAA' }, want: [] },
  {
    name: 'Digest with values that are none',
    fields: { digest: `md5=, sha-256, md5=AAAA, sha=***, sha-256=:${SHA256}:, md5=A, =, ` },
    want: [],
  },
  { name: 'Content-MD5', fields: { 'content-md5': ` ${MD5} ` }, want: [['md5', MD5]] },
  { name: 'Content-MD5 without padding', fields: { 'content-md5': MD5.slice(0, -2) }, want: [['md5', MD5]] },
  {
    name: 'Content-MD5 in hexadecimal',
    fields: { 'content-md5': '25f9e794323b453885f5181f1b624d0b' },
    want: [],
  },
  {
    name: 'Content-MD5 with a space in it',
    fields: { 'content-md5': `${MD5.slice(0, 9)} ${MD5.slice(9)}` },
    want: [],
  },
  {
    name: 'two Content-MD5',
    fields: { 'content-md5': [MD5, `A${MD5.slice(1)}`] },
    want: [
      ['md5', MD5],
      ['md5', `A${MD5.slice(1)}`],
    ],
  },
  {
    name: 'x-goog-hash on one line',
    fields: { 'x-goog-hash': `crc32c=${CRC32C},md5=${MD5}` },
    want: [
      ['crc32c', CRC32C],
      ['md5', MD5],
    ],
  },
  {
    name: 'x-goog-hash of a file that is stored as it is sent',
    fields: {
      'x-goog-hash': `md5=${MD5}`,
      'x-goog-stored-content-encoding': 'gzip',
      'content-encoding': 'GZIP',
    },
    want: [['md5', MD5]],
  },
  {
    name: 'x-goog-hash of a file that is decompressed on the way',
    fields: { 'x-goog-hash': `md5=${MD5}`, 'x-goog-stored-content-encoding': 'gzip' },
    want: [],
  },
  {
    name: 'checksums of S3',
    fields: {
      'x-amz-checksum-type': 'FULL_OBJECT',
      'x-amz-checksum-crc64nvme': CRC64,
      'x-amz-checksum-crc32c': CRC32C,
      'x-amz-checksum-crc32': CRC32C,
      'x-amz-checksum-sha1': SHA1,
      'x-amz-checksum-sha256': SHA256,
      'x-amz-checksum-sha512': SHA512,
      'x-amz-checksum-md5': MD5,
    },
    want: [
      ['sha-512', SHA512],
      ['sha-256', SHA256],
      ['sha-1', SHA1],
      ['md5', MD5],
      ['crc64nvme', CRC64],
      ['crc32c', CRC32C],
      ['crc32', CRC32C],
    ],
  },
  {
    name: 'a composite checksum of S3',
    fields: { 'x-amz-checksum-type': 'COMPOSITE', 'x-amz-checksum-crc32c': `${CRC32C}-3` },
    want: [],
  },
  {
    name: 'a composite value of S3 that is said to be of the whole',
    fields: { 'x-amz-checksum-type': 'FULL_OBJECT', 'x-amz-checksum-crc32c': `${CRC32C}-3` },
    want: [],
  },
  { name: 'a checksum of S3 without its type', fields: { 'x-amz-checksum-crc32c': CRC32C }, want: [] },
  {
    name: 'a proxy has transformed the body',
    fields: { 'content-md5': MD5, warning: '110 - "stale", 214 UploadServer gunzipped' },
    want: [],
  },
  {
    name: 'another warning',
    fields: { 'content-md5': MD5, warning: '110 - "214 "' },
    want: [['md5', MD5]],
  },
]

for (const { name, fields, want } of rows) {
  t.test(`the digests of a file are read from older fields (${name})`, async (t) => {
    const lines = Object.entries(fields).map(([name, value]) => [name, [value].flat()] as const)
    t.strictSame(olderDigests(new Map(lines)), want)
  })
}
