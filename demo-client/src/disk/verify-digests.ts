// Compares the digests of the whole file with those that the server sent and the caller gave.
import { DownloadError } from '../errors.ts'
import type { Algorithm, ExpectedDigest } from '../rules/digest.ts'
import type { Store } from './store.ts'

/** The expected digests, by where they come from. */
export interface ExpectedDigests {
  /** From the server's fields, in heads and trailers. All must match. */
  readonly sent: readonly (ExpectedDigest | null)[]
  /** From the caller, or null. */
  readonly given: ExpectedDigest | null
}

/** A digest that the file has. */
export interface VerifiedDigest {
  /** Whose it is: the caller's, or the server's. */
  readonly kind: 'checksum' | 'digest'
  readonly algorithm: Algorithm
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
  const digests = new Map<Algorithm, string>()
  for (const [expected, whose] of [
    ...sent.map((each) => [each, 'the server sent'] as const),
    [given, 'was asked for'] as const,
  ]) {
    if (expected === null) continue
    const { algorithm } = expected
    const actual = digests.get(algorithm) ?? (await store.digest(algorithm, total))
    digests.set(algorithm, actual)
    if (actual === expected.value) continue
    await store.forget()
    throw wrongDigest(expected, actual, whose)
  }
  if (given !== null) return { kind: 'checksum', algorithm: given.algorithm }
  const algorithm = sent.find((each) => each !== null)?.algorithm
  return algorithm === undefined ? null : { kind: 'digest', algorithm }
}

function wrongDigest(expected: ExpectedDigest, actual: string, whose: string): DownloadError {
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')
  const values = `${expected.algorithm} is ${hex(actual)}, the one that ${whose} is ${hex(expected.value)}`
  return new DownloadError('ERR_DOWNLOAD_DIGEST', `the file is not what it should be: its ${values}`)
}
