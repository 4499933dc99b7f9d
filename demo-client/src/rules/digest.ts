// Digests in the fields of RFC 9530.
import { parseDictionary } from 'structured-headers'

/** The supported algorithms, best first. RFC 9530 §5 lists both as active. */
export const ALGORITHMS = ['sha-512', 'sha-256'] as const
/** One of {@link ALGORITHMS}. */
export type Algorithm = (typeof ALGORITHMS)[number]

/**
 * Algorithms that only find damage, best first. Another file with the same value can be made on purpose, so they prove neither
 * where a file comes from nor that two answers are of the same version.
 */
const DAMAGE_ALGORITHMS = ['sha-1', 'md5', 'crc64nvme', 'crc32c', 'crc32'] as const
/** An algorithm that a server may use. */
export type SentAlgorithm = Algorithm | (typeof DAMAGE_ALGORITHMS)[number]

/** All algorithms, best first. */
export const SENT_ALGORITHMS: readonly SentAlgorithm[] = [...ALGORITHMS, ...DAMAGE_ALGORITHMS]

/** Length of a digest in bytes. */
export const DIGEST_BYTES: Readonly<Record<SentAlgorithm, number>> = {
  'sha-512': 64,
  'sha-256': 32,
  'sha-1': 20,
  md5: 16,
  crc64nvme: 8,
  crc32c: 4,
  crc32: 4,
}

/** Value of Want-Repr-Digest and Want-Content-Digest: sha-256 rather than sha-512 (RFC 9530 §4). */
export const WANT_DIGEST = 'sha-256=10, sha-512=3'

/** Digests by algorithm, in padded base64. */
export type Digests = Readonly<Record<string, string>>

/** A digest that the file must have. */
export interface ExpectedDigest {
  readonly algorithm: Algorithm
  /** The digest in base64, padded. */
  readonly value: string
}

/** RFC 9530 §5 and its registry: `md5` and `sha` are deprecated, and still in use. */
const NAMES: ReadonlyMap<string, SentAlgorithm> = new Map([
  ['sha-512', 'sha-512'],
  ['sha-256', 'sha-256'],
  ['sha', 'sha-1'],
  ['md5', 'md5'],
])

/**
 * The digests in a Repr-Digest or Content-Digest field (RFC 9530 §2, §3), by algorithm in base64. Unknown
 * algorithms, values of the wrong length and invalid fields are ignored.
 */
export function parseDigests(field: string | null): Digests {
  if (field === null) return {}
  const digests: Record<string, string> = {}
  let members: ReturnType<typeof parseDictionary>
  try {
    members = parseDictionary(field)
  } catch {
    return {} // not a structured field
  }
  for (const [name, algorithm] of NAMES) {
    const value = members.get(name)?.[0]
    if (!(value instanceof ArrayBuffer) || value.byteLength !== DIGEST_BYTES[algorithm]) continue
    // Not by a Buffer: a page has none (`browser/`).
    digests[algorithm] = btoa(String.fromCharCode(...new Uint8Array(value)))
  }
  return digests
}

/** The strongest of several digests that prove something, to verify; or null. */
export function strongest(digests: Digests): ExpectedDigest | null {
  for (const algorithm of ALGORITHMS) {
    const value = digests[algorithm]
    if (value !== undefined) return { algorithm, value }
  }
  return null
}
