import { createHash } from 'node:crypto'
import t from 'tap'
import { expectedOf } from '#client/caller/expected-file.js'

const hash = (name: string) => createHash(name).update('x')
const MD5 = hash('md5').digest('base64')
const SHA1 = hash('sha1').digest('base64')

t.test('what is expected of a file is kept in one form', async (t) => {
  t.strictSame(expectedOf({}), { size: null, digests: {}, pieces: null })
  t.strictSame(expectedOf({ size: undefined, digests: undefined, pieces: undefined }), expectedOf({}))
  const given = {
    size: 3,
    digests: [`md5=${hash('md5').digest('hex')}`, `sha-1=${SHA1}`, `sha-1=${SHA1}`],
    pieces: { length: 2, algorithm: 'md5', digests: [MD5, hash('md5').digest('hex')] },
  }
  t.strictSame(expectedOf(given), {
    size: 3,
    digests: { md5: MD5, 'sha-1': SHA1 },
    pieces: { algorithm: 'md5', length: 2, digests: [MD5, MD5] },
  })
})

const PIECES = { length: 2, algorithm: 'md5', digests: [MD5] }
const throwing = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('no')
    },
  },
)

for (const [name, given, message] of [
  ['a text', 'x', 'expected must be an object'],
  ['null', null, 'expected must be an object'],
  ['a property that does not exist', { sizes: 5 }, 'expected has no property "sizes"'],
  ['a size below 0', { size: -1 }, 'expected.size must be a number of bytes'],
  ['half a byte', { size: 0.5 }, 'expected.size must be a number of bytes'],
  ['a size that is a text', { size: '5' }, 'expected.size must be a number of bytes'],
  [
    'a digest of another algorithm',
    { digests: ['sha-384=x'] },
    'expected.digests has "sha-384=x"; write sha-512=, sha-256=, sha-1=, md5=, and then the digest',
  ],
  [
    'two digests of one algorithm',
    { digests: [`md5=${MD5}`, `md5=${MD5.replace(/^./, '0')}`] },
    'expected.digests has two md5 digests',
  ],
  ['digests that are a text', { digests: `md5=${MD5}` }, 'expected.digests must be an array of strings'],
  ['a digest that is a number', { digests: [5] }, 'expected.digests must be an array of strings'],
  [
    'a digest that is a promise',
    { digests: [Promise.reject(new Error('x'))] },
    'expected.digests must be an array of strings',
  ],
  ['pieces that are a list', { pieces: 5 }, 'expected.pieces must be an object'],
  ['no length', { pieces: { ...PIECES, length: undefined } }, /^expected.pieces.length must be a number/],
  ['a length of 0', { pieces: { ...PIECES, length: 0 } }, /^expected.pieces.length must be a number/],
  [
    'another algorithm',
    { pieces: { ...PIECES, algorithm: 'crc32' } },
    /^expected.pieces.algorithm must be one of/,
  ],
  [
    'a digest of another length',
    { pieces: { ...PIECES, digests: [MD5, SHA1] } },
    'expected.pieces.digests[1] is not a md5 digest',
  ],
  ['no digests of pieces', { pieces: { length: 2, algorithm: 'md5' } }, /^expected.pieces.digests must be/],
  [
    'pieces of another size',
    { size: 5, pieces: PIECES },
    'expected.pieces has 1 pieces of 2 bytes, and size is 5',
  ],
  ['what throws', throwing, 'expected cannot be read'],
  [
    'a getter that throws',
    {
      get size() {
        throw new Error('no')
      },
    },
    'expected cannot be read',
  ],
] as const)
  t.test(`what is not about a file is refused: ${name}`, async (t) => {
    t.throws(() => expectedOf(given), { code: 'ERR_DOWNLOAD_USAGE', message })
  })
