import t from 'tap'
import {
  type Expected,
  haveSize,
  isProof,
  otherThanExpected,
  type Pieces,
  parseGivenDigest,
  pieceNames,
  piecesIn,
  sizeFault,
  wrongPieces,
} from '#client/rules/expected-file.js'
import type { Validators } from '#client/rules/validators.js'

const piecesOf = (length: number, ...digests: string[]): Pieces => ({ algorithm: 'sha-1', length, digests })
const NOTHING: Expected = { size: null, digests: {}, pieces: null }

t.test('sha-256 and sha-512 prove something', async (t) => {
  t.strictSame(['sha-512', 'sha-256', 'sha-1', 'md5', 'crc32'].map(isProof), [
    true,
    true,
    false,
    false,
    false,
  ])
})

for (const [text, expected] of [
  ['md5=00112233445566778899aabbccddeeff', ['md5', 'ABEiM0RVZneImaq7zN3u/w==']],
  ['MD5=ABEiM0RVZneImaq7zN3u/w==', ['md5', 'ABEiM0RVZneImaq7zN3u/w==']],
  ['sha-1=00112233445566778899AABBCCDDEEFF00112233', ['sha-1', 'ABEiM0RVZneImaq7zN3u/wARIjM=']],
  ['sha-1=00112233445566778899aabbccddeeff', null],
  ['md5', null],
  ['=md5', null],
  ['md5=', null],
  ['', null],
  ['sha-384=00', null],
] as const)
  t.test(`a digest is read: ${text}`, async (t) => {
    t.strictSame(parseGivenDigest(text), expected)
  })

t.test('all pieces have one length, apart from the last one', async (t) => {
  for (const [total, count, expected] of [
    [0, 0, true],
    [0, 1, false],
    [1, 1, true],
    [10, 1, true],
    [11, 1, false],
    [11, 2, true],
    [20, 2, true],
    [20, 3, false],
  ] as const)
    t.equal(haveSize(piecesOf(10, ...Array(count).fill('x')), total), expected, `${total} in ${count}`)
})

t.test('the wrong pieces are those whose digests differ, or are missing', async (t) => {
  const pieces = piecesOf(10, 'a', 'b', 'c')
  t.strictSame(wrongPieces(pieces, ['a', 'b', 'c'], 25), [])
  t.strictSame(wrongPieces(pieces, ['a', 'x', 'x'], 25), [
    { number: 2, start: 10, end: 20 },
    { number: 3, start: 20, end: 25 },
  ])
  t.strictSame(wrongPieces(pieces, ['a', 'b'], 25), [{ number: 3, start: 20, end: 25 }])
})

t.test('a file of another size is not the expected one', async (t) => {
  t.equal(sizeFault(null, 5), null)
  t.equal(sizeFault(NOTHING, 5), null)
  t.equal(sizeFault({ ...NOTHING, size: 5 }, 5), null)
  t.equal(sizeFault({ ...NOTHING, size: 0 }, 5), 'has 5 bytes, not 0')
  const pieces = piecesOf(4, 'a', 'b')
  t.equal(sizeFault({ ...NOTHING, pieces }, 5), null)
  t.equal(sizeFault({ ...NOTHING, pieces }, 4), 'has 4 bytes, which are not 2 pieces of 4')
  t.equal(sizeFault({ ...NOTHING, size: 5, pieces }, 4), 'has 4 bytes, not 5')
})

const validators = (some: Partial<Validators>): Validators => ({
  total: null,
  etag: null,
  lastModified: null,
  dateIsStrong: false,
  digests: {},
  ...some,
})

t.test('a server with another size or digest has another file', async (t) => {
  const expected: Expected = { ...NOTHING, size: 5, digests: { 'sha-1': 'A', md5: 'M' } }
  t.equal(otherThanExpected(validators({}), expected), null)
  t.equal(otherThanExpected(validators({ total: 6 }), null), null)
  t.equal(otherThanExpected(validators({ total: 5, digests: { md5: 'M', 'sha-256': 'S' } }), expected), null)
  t.equal(otherThanExpected(validators({ total: 6 }), expected), 'has another file: it has 6 bytes, not 5')
  t.equal(
    otherThanExpected(validators({ digests: { 'sha-1': 'A', md5: 'X' } }), expected),
    'has another file: its digest is not the one that was asked for',
  )
})

t.test('pieces are numbered from 1, by the bytes in them', async (t) => {
  const pieces = piecesOf(10, 'a', 'b', 'c')
  t.strictSame(piecesIn(pieces, []), [])
  t.strictSame(piecesIn(pieces, [{ start: 0, end: 10 }]), [1])
  t.strictSame(
    piecesIn(pieces, [
      { start: 19, end: 21 },
      { start: 9, end: 10 },
    ]),
    [1, 2, 3],
  )
})

t.test('people read a few numbers of pieces', async (t) => {
  const pieces = piecesOf(1, ...Array(12).fill('x'))
  t.equal(pieceNames([3], pieces), 'piece 3 of 12')
  t.equal(pieceNames([3, 4], pieces), 'pieces 3 and 4 of 12')
  t.equal(pieceNames([1, 2, 3, 4, 5, 6], pieces), 'pieces 1, 2, 3, 4, 5 and 6 of 12')
  t.equal(pieceNames([1, 2, 3, 4, 5, 6, 9], pieces), 'pieces 1, 2, 3, 4, 5 and 2 more of 12')
})
