import t from 'tap'
import { hashesOf, piecesOf, splitDigests, wholeNumber } from '#client/metalink/metalink-hashes.js'
import { rootOf } from '#client/metalink/xml-elements.js'
import { hex } from '../support/metalink.ts'

const BYTES = Buffer.from('bytes')
const OTHER = Buffer.from('other')
const hashed = (type: string, algorithm: string, bytes = BYTES): string =>
  `<hash type="${type}">${hex(bytes, algorithm)}</hash>`
const base64 = (value: string): string => Buffer.from(value, 'hex').toString('base64')
const fileOf = (content: string) => rootOf(`<file>${content}</file>`)

for (const [type, algorithm, name] of [
  ['sha-512', 'sha512', 'sha-512'],
  ['sha-256', 'sha256', 'sha-256'],
  ['sha256', 'sha256', 'sha-256'],
  ['SHA-256', 'sha256', 'sha-256'],
  [' sha-1 ', 'sha1', 'sha-1'],
  ['sha1', 'sha1', 'sha-1'],
  ['md5', 'md5', 'md5'],
] as const)
  t.test(`§4.2.4: the hash of a file by ${JSON.stringify(type)}`, async (t) => {
    t.strictSame(hashesOf(await fileOf(hashed(type, algorithm))), { [name]: base64(hex(BYTES, algorithm)) })
  })

t.test('other algorithms, and hashes without a type, are ignored', async (t) => {
  const content = `${hashed('sha-384', 'sha384')}<hash type="adler32">x</hash><hash>y</hash><hash type="sha-2567">z</hash>`
  t.strictSame(hashesOf(await fileOf(content)), {})
})

t.test('one hash that is there twice is one', async (t) => {
  const twice = hashed('sha-256', 'sha256') + hashed('sha256', 'sha256')
  t.strictSame(hashesOf(await fileOf(twice)), { 'sha-256': base64(hex(BYTES)) })
})

t.test('a hash that differs from another, or text that is no hash, is an error', async (t) => {
  const two = await fileOf(hashed('sha-256', 'sha256') + hashed('sha-256', 'sha256', OTHER))
  t.throws(() => hashesOf(two), { message: 'it has two sha-256 hashes' })
  for (const text of ['', 'xyz', hex(BYTES, 'sha1'), base64(hex(BYTES)), `${hex(BYTES)} ${hex(BYTES)}`]) {
    const file = await fileOf(`<hash type="sha-256">${text}</hash>`)
    t.throws(() => hashesOf(file), {
      code: 'ERR_DOWNLOAD_USAGE',
      message: `it has a hash that is not a sha-256: ${JSON.stringify(text)}`,
    })
  }
  const long = await fileOf(`<hash type="md5">${'x'.repeat(201)}</hash>`)
  t.throws(() => hashesOf(long), { message: `it has a hash that is not a md5: "${'x'.repeat(200)}"` })
})

t.test('the strongest hash that proves something is the checksum', async (t) => {
  const all = { md5: 'M', 'sha-1': 'S1', 'sha-256': 'S2', 'sha-512': 'S5' }
  t.strictSame(splitDigests(all), {
    checksum: 'sha-512=S5',
    others: ['sha-256=S2', 'sha-1=S1', 'md5=M'],
  })
  t.strictSame(splitDigests({ md5: 'M', 'sha-256': 'S2' }), { checksum: 'sha-256=S2', others: ['md5=M'] })
  t.strictSame(splitDigests({ 'sha-1': 'S1' }), { checksum: null, others: ['sha-1=S1'] })
  t.strictSame(splitDigests({}), { checksum: null, others: [] })
})

const list = (attributes: string, hashes: readonly string[]): string =>
  `<pieces ${attributes}>${hashes.map((each) => `<hash>${each}</hash>`).join('')}</pieces>`
const TWO = [hex(BYTES), hex(OTHER)]

t.test('§4.1.3: the pieces of a file have one length, apart from the last one', async (t) => {
  const file = await fileOf(list('length="5" type="sha-256"', TWO))
  const expected = { algorithm: 'sha-256', length: 5, digests: TWO.map(base64) }
  for (const size of [null, 6, 10]) t.strictSame(piecesOf(file, size), expected)
  for (const size of [0, 5, 11])
    t.throws(() => piecesOf(file, size), {
      message: `it has ${size} bytes, which are not 2 pieces of 5`,
    })
})

t.test('an empty file has no piece', async (t) => {
  t.strictSame(piecesOf(await fileOf(list('length="5" type="md5"', [])), 0), {
    algorithm: 'md5',
    length: 5,
    digests: [],
  })
})

t.test('of several lists the strongest counts, and unknown ones are ignored', async (t) => {
  const sha1 = list('length="7" type="sha-1"', [hex(BYTES, 'sha1')])
  const unknown = list('length="7" type="sha-384"', ['x'])
  const file = await fileOf(sha1 + list('length="5" type="sha-256"', TWO) + unknown)
  t.equal(piecesOf(file, null)?.length, 5)
  t.equal(piecesOf(await fileOf(unknown + sha1), null)?.algorithm, 'sha-1')
  t.equal(piecesOf(await fileOf(unknown + unknown), null), null)
  t.equal(piecesOf(await fileOf(''), null), null)
})

for (const [name, content, message] of [
  ['no length', list('type="sha-256"', TWO), 'the length of its pieces is not a number of bytes'],
  [
    'a length of 0',
    list('length="0" type="sha-256"', TWO),
    'the length of its pieces is not a number of bytes',
  ],
  [
    'a length below 0',
    list('length="-1" type="sha-256"', TWO),
    'the length of its pieces is not a number of bytes',
  ],
  [
    'two lists by one algorithm',
    list('length="5" type="sha-256"', TWO) + list('length="5" type="sha-256"', TWO),
    'it has two lists of sha-256 pieces',
  ],
  [
    'text that is no hash',
    list('length="5" type="sha-256"', ['x']),
    'it has a hash that is not a sha-256: "x"',
  ],
] as const)
  t.test(`wrong pieces are an error: ${name}`, async (t) => {
    const file = await fileOf(content)
    t.throws(() => piecesOf(file, null), { code: 'ERR_DOWNLOAD_USAGE', message })
  })

t.test('a whole number has digits alone', async (t) => {
  for (const [text, value] of [
    ['0', 0],
    ['12', 12],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', null],
    ['', null],
    ['1.5', null],
    ['1e3', null],
    ['-1', null],
    ['+1', null],
    ['0x1', null],
    [' 1', null],
    ['1 ', null],
  ] as const)
    t.equal(wholeNumber(text), value, text)
})
