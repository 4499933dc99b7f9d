// Compares the digests of the whole file with those that the server sent and the caller gave.
import { DownloadError } from '../errors.ts'
import {
  ALGORITHMS,
  type Digests,
  type ExpectedDigest,
  SENT_ALGORITHMS,
  type SentAlgorithm,
  strongest,
} from '../rules/digest.ts'
import type { Piece } from '../rules/expected-file.ts'
import type { Interval } from '../state/blocks.ts'

/** The expected digests, by where they come from. */
export interface ExpectedDigests {
  /** From the server's fields, in heads and trailers. All must match. */
  readonly sent: readonly Digests[]
  /** The checksum of the caller, or null. */
  readonly given: ExpectedDigest | null
  /** Other digests of the caller. All must match. */
  readonly described?: Digests
}

/** Computes the digests of a file. One that had to begin with the first byte may not know all algorithms. */
export interface DigestedFile {
  digests<Name extends SentAlgorithm>(
    algorithms: Iterable<Name>,
    interval: Interval,
  ): Promise<ReadonlyMap<Name, string>>
}

/** A digest that the file has. */
export interface VerifiedDigest {
  /** What it proves: one of the caller, one of the server, or one of the server that only finds damage. */
  readonly kind: 'checksum' | 'digest' | 'undamaged'
  readonly algorithm: SentAlgorithm
}

interface Expectation {
  readonly algorithm: SentAlgorithm
  readonly value: string
  /** Whose digest it is, as the end of "the one that". */
  readonly whose: string
}

/** The digest of the caller, as {@link Expectation.whose}. */
const GIVEN = 'was asked for'

/** Whether the file has all expected digests, and which of them proves most; null if none was expected. */
export type Verification =
  | { readonly kind: 'verified'; readonly digest: VerifiedDigest | null }
  | {
      readonly kind: 'wrong'
      /** `ERR_DOWNLOAD_DIGEST`. */
      readonly error: DownloadError
      /** Does the file have the digests that the server sent? Then it is what the server has. */
      readonly isAsSent: boolean
      /** Does the file have the checksum of the caller? Then only what a server said about it is wrong. */
      readonly hasChecksum: boolean
      /** The pieces that are wrong; null if the digests of pieces are not known, or were not compared. */
      readonly wrongPieces: readonly Piece[] | null
    }

/**
 * Reads the `total` bytes of the file again if a digest is known. A digest of the caller proves more than one of the server,
 * because the server cannot choose it.
 */
export async function verifyDigests(
  file: DigestedFile,
  total: number,
  { sent, given, described = {} }: ExpectedDigests,
): Promise<Verification> {
  const expected = expectationsOf(sent, 'the server sent')
  const isAnySent = expected.length > 0
  if (given !== null) expected.push({ ...given, whose: GIVEN })
  expected.push(...expectationsOf([described], GIVEN))
  if (expected.length === 0) return { kind: 'verified', digest: null }
  const algorithms = new Set(expected.map(({ algorithm }) => algorithm))
  const actual = await file.digests(algorithms, { start: 0, end: total })
  const known = expected.filter(({ algorithm }) => actual.has(algorithm))
  if (known.length === 0) return { kind: 'verified', digest: null }
  const wrong = known.find(({ algorithm, value }) => actual.get(algorithm) !== value)
  if (wrong !== undefined) {
    const error = wrongDigest(wrong, actual.get(wrong.algorithm) ?? '')
    const isAsSent = isAnySent && wrong.whose === GIVEN
    const hasChecksum = given !== null && actual.get(given.algorithm) === given.value
    return { kind: 'wrong', error, isAsSent, hasChecksum, wrongPieces: null }
  }
  const best = given ?? strongest(described)
  const digest: VerifiedDigest | null =
    best === null ? strongestOf(actual) : { kind: 'checksum', algorithm: best.algorithm }
  return { kind: 'verified', digest }
}

/** These digests, best first. */
function expectationsOf(all: readonly Digests[], whose: string): Expectation[] {
  return SENT_ALGORITHMS.flatMap((algorithm) =>
    all.flatMap(({ [algorithm]: value }) => (value === undefined ? [] : [{ algorithm, value, whose }])),
  )
}

function strongestOf(verified: ReadonlyMap<SentAlgorithm, string>): VerifiedDigest | null {
  const algorithm = SENT_ALGORITHMS.find((each) => verified.has(each))
  if (algorithm === undefined) return null
  const isProof = ALGORITHMS.some((each) => each === algorithm)
  return { kind: isProof ? 'digest' : 'undamaged', algorithm }
}

function wrongDigest({ algorithm, value, whose }: Expectation, actual: string): DownloadError {
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')
  const values = `${algorithm} is ${hex(actual)}, the one that ${whose} is ${hex(value)}`
  return new DownloadError('ERR_DOWNLOAD_DIGEST', `the file is not what it should be: its ${values}`)
}
