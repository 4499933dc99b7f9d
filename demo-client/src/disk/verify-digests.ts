// The digests of the whole file, held against those that were sent and asked for.
import { DownloadError } from '../errors.ts'
import type { Algorithm, ExpectedDigest } from '../rules/digest.ts'
import type { Store } from './store.ts'

/** Where an expected digest comes from; null where there is none. */
export interface ExpectedDigests {
  /** In the server's fields, of heads and of trailers. All must hold. */
  readonly sent: readonly (ExpectedDigest | null)[]
  /** By the caller. */
  readonly given: ExpectedDigest | null
}

/**
 * Reads the file, `total` bytes, again where a digest is known. Returns the algorithm that was verified, or null.
 * @throws DownloadError `ERR_DOWNLOAD_DIGEST`; the bytes are then forgotten
 */
export async function verifyDigests(
  store: Store,
  total: number,
  { sent, given }: ExpectedDigests,
): Promise<Algorithm | null> {
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
  return (given ?? sent.find((each) => each !== null))?.algorithm ?? null
}

function wrongDigest(expected: ExpectedDigest, actual: string, whose: string): DownloadError {
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')
  const values = `${expected.algorithm} is ${hex(actual)}, the one that ${whose} is ${hex(expected.value)}`
  return new DownloadError('ERR_DOWNLOAD_DIGEST', `the file is not what it should be: its ${values}`)
}
