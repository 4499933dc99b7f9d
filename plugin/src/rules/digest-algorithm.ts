import { parseDictionary } from 'structured-headers'

/** A hash algorithm that digests are made with. RFC 9530 §7.2 lists both as active, and no others. */
export type DigestAlgorithm = 'sha-256' | 'sha-512'

/** The algorithms as OpenSSL names them. */
export const HASH_NAMES: Readonly<Record<DigestAlgorithm, 'sha256' | 'sha512'>> = {
  'sha-256': 'sha256',
  'sha-512': 'sha512',
}

/** A longer field is not read. */
const MAX_FIELD_LENGTH = 1000
const MAX_WEIGHT = 10

/**
 * The algorithm that a Want-Repr-Digest or a Want-Content-Digest prefers, of those that are known here. Undefined if it
 * accepts none of them, or is not a structured field. Of two with the same weight it is sha-256, which is the shorter one.
 *
 * RFC 9530 §4: "1 is the least preferred, 10 is the most preferred, and a value of 0 means 'not acceptable'".
 *
 * @param field all its lines, joined by commas
 */
export function preferredAlgorithm(field: string): DigestAlgorithm | undefined {
  const wanted = membersOf(field)
  const [short, long] = [weightOf(wanted, 'sha-256'), weightOf(wanted, 'sha-512')]
  if (short === 0 && long === 0) return undefined
  return long > short ? 'sha-512' : 'sha-256'
}

/** A member of a Repr-Digest or a Content-Digest. RFC 8941 §4.1.8: a byte sequence is base64 between colons. */
export function digestField(algorithm: DigestAlgorithm, digest: string): string {
  return `${algorithm}=:${digest}:`
}

type Members = ReadonlyMap<string, readonly [value: unknown, ...others: unknown[]]>

/** RFC 8941 §4.2: if parsing fails, "the entire field value MUST be ignored". */
function membersOf(field: string): Members {
  if (field.length > MAX_FIELD_LENGTH) return new Map()
  try {
    return parseDictionary(field)
  } catch {
    return new Map()
  }
}

/** RFC 9530 §4: "It must be in the range 0 to 10 inclusive." Anything else says nothing. */
function weightOf(wanted: Members, algorithm: DigestAlgorithm): number {
  const weight = wanted.get(algorithm)?.[0]
  return typeof weight === 'number' && Number.isInteger(weight) && weight > 0 && weight <= MAX_WEIGHT
    ? weight
    : 0
}
