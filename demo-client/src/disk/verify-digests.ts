// Compares the digests of the whole file with those that the server sent and the caller gave.
import { DownloadError } from '../errors.ts'
import {
  ALGORITHMS,
  type Digests,
  type ExpectedDigest,
  SENT_ALGORITHMS,
  type SentAlgorithm,
} from '../rules/digest.ts'
import type { Store } from './store.ts'

/** The expected digests, by where they come from. */
export interface ExpectedDigests {
  /** From the server's fields, in heads and trailers. All must match. */
  readonly sent: readonly Digests[]
  /** From the caller, or null. */
  readonly given: ExpectedDigest | null
}

/** A digest that the file has. */
export interface VerifiedDigest {
  /** What it proves: that of the caller, one of the server, or one of the server that only finds damage. */
  readonly kind: 'checksum' | 'digest' | 'undamaged'
  readonly algorithm: SentAlgorithm
}

interface Expectation {
  readonly algorithm: SentAlgorithm
  readonly value: string
  /** Whose digest it is, as the end of "the one that". */
  readonly whose: string
}

/**
 * Reads the `total` bytes of the file again if a digest is known. Returns what was verified, or null. That of the caller
 * proves more, because the server cannot choose it.
 * @throws DownloadError `ERR_DOWNLOAD_DIGEST`; the store then forgets all bytes
 */
export async function verifyDigests(
  store: Store,
  total: number,
  { sent, given }: ExpectedDigests,
): Promise<VerifiedDigest | null> {
  const expected = expectationsOf(sent)
  if (given !== null) expected.push({ ...given, whose: 'was asked for' })
  if (expected.length === 0) return null
  const algorithms = new Set(expected.map(({ algorithm }) => algorithm))
  const actual = await store.digests(algorithms, { start: 0, end: total })
  const wrong = expected.find(({ algorithm, value }) => actual.get(algorithm) !== value)
  if (wrong !== undefined) {
    await store.forget()
    throw wrongDigest(wrong, actual.get(wrong.algorithm) ?? '')
  }
  if (given !== null) return { kind: 'checksum', algorithm: given.algorithm }
  return strongestOf(algorithms)
}

/** The digests of the server, best first. */
function expectationsOf(sent: readonly Digests[]): Expectation[] {
  return SENT_ALGORITHMS.flatMap((algorithm) =>
    sent.flatMap(({ [algorithm]: value }) =>
      value === undefined ? [] : [{ algorithm, value, whose: 'the server sent' }],
    ),
  )
}

function strongestOf(verified: ReadonlySet<SentAlgorithm>): VerifiedDigest | null {
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
