// What the size and the pieces of a file say, beside its digests.
import { createHash } from 'node:crypto'
import t from 'tap'
import type { Verification } from '#client/disk/verify-digests.js'
import { verifyExpected } from '#client/disk/verify-expected.js'
import { DownloadError } from '#client/errors.js'
import type { Expected, GivenAlgorithm } from '#client/rules/expected-file.js'

const BYTES = Buffer.from('abcdefghij')
const digestsOf = (bytes: Buffer, algorithm: string): string[] =>
  [0, 4, 8].map((at) =>
    createHash(algorithm)
      .update(bytes.subarray(at, at + 4))
      .digest('base64'),
  )
const pieces = (algorithm: GivenAlgorithm) => ({
  algorithm,
  length: 4,
  digests: digestsOf(BYTES, algorithm.replace('-', '')),
})
const expected = (some: Partial<Expected>): Expected => ({ size: null, digests: {}, pieces: null, ...some })

/** A file whose pieces are read at most once. */
const fileWith = (bytes: Buffer, algorithm = 'sha256') => ({
  reads: 0,
  pieceDigests(): Promise<readonly string[]> {
    this.reads++
    return Promise.resolve(digestsOf(bytes, algorithm))
  },
})
const WRONG = Buffer.from('abcdEfghij')

const verified = (digest: (Verification & { kind: 'verified' })['digest']): Verification => ({
  kind: 'verified',
  digest,
})
const NOTHING = verified(null)
const SERVER = verified({ kind: 'digest', algorithm: 'sha-256' })
const DAMAGE = verified({ kind: 'undamaged', algorithm: 'md5' })
const GIVEN = verified({ kind: 'checksum', algorithm: 'sha-256' })
const error = new DownloadError('ERR_DOWNLOAD_DIGEST', 'wrong')
const BAD: Verification = { kind: 'wrong', error, isAsSent: false, hasChecksum: false, wrongPieces: null }

t.test('what has the right size is as good as its digests say', async (t) => {
  for (const found of [NOTHING, SERVER, GIVEN, BAD]) {
    const file = fileWith(BYTES)
    t.equal(await verifyExpected(file, 10, { expected: expected({ size: 10 }), found }), found)
    t.equal(file.reads, 0)
  }
})

t.test('what has the wrong size is wrong, whatever its digests say', async (t) => {
  for (const found of [NOTHING, SERVER, GIVEN, BAD])
    t.match(await verifyExpected(fileWith(BYTES), 10, { expected: expected({ size: 9 }), found }), {
      kind: 'wrong',
      error: {
        code: 'ERR_DOWNLOAD_DIGEST',
        message: 'the file is not what it should be: it has 10 bytes, not 9',
      },
      isAsSent: true,
      wrongPieces: [],
    })
})

t.test('the pieces of a file that has its checksum are not read', async (t) => {
  const file = fileWith(WRONG)
  const options = { expected: expected({ pieces: pieces('sha-256') }), found: GIVEN }
  t.equal(await verifyExpected(file, 10, options), GIVEN)
  t.equal(file.reads, 0)
})

t.test('right pieces prove the file, if their algorithm proves something', async (t) => {
  for (const found of [NOTHING, SERVER, DAMAGE])
    t.strictSame(
      await verifyExpected(fileWith(BYTES), 10, { expected: expected({ pieces: pieces('sha-256') }), found }),
      GIVEN,
    )
  const weak = { expected: expected({ pieces: pieces('sha-1') }) }
  const file = fileWith(BYTES, 'sha1')
  const undamaged = verified({ kind: 'undamaged', algorithm: 'sha-1' })
  t.strictSame(await verifyExpected(file, 10, { ...weak, found: NOTHING }), undamaged)
  t.strictSame(await verifyExpected(file, 10, { ...weak, found: SERVER }), SERVER)
  t.strictSame(await verifyExpected(file, 10, { ...weak, found: DAMAGE }), DAMAGE)
})

t.test('a wrong piece makes the file wrong, and is named', async (t) => {
  for (const found of [NOTHING, SERVER])
    t.match(
      await verifyExpected(fileWith(WRONG), 10, { expected: expected({ pieces: pieces('sha-256') }), found }),
      {
        kind: 'wrong',
        error: {
          code: 'ERR_DOWNLOAD_DIGEST',
          message:
            'the file is not what it should be: the sha-256 of piece 2 of 3 differs from the one that was asked for',
        },
        isAsSent: found === SERVER,
        wrongPieces: [{ number: 2, start: 4, end: 8 }],
      },
    )
})

t.test('of a wrong file, the wrong pieces are found', async (t) => {
  const options = { expected: expected({ pieces: pieces('sha-256') }), found: BAD }
  t.match(await verifyExpected(fileWith(WRONG), 10, options), {
    kind: 'wrong',
    error,
    wrongPieces: [{ number: 2, start: 4, end: 8 }],
  })
  t.strictSame(await verifyExpected(fileWith(BYTES), 10, options), { ...BAD, wrongPieces: [] })
})
