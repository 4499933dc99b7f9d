// Digests in the fields of RFC 9530.
import { parseDictionary } from 'structured-headers'

/** The supported algorithms, best first. RFC 9530 §5 lists both as active. */
export const ALGORITHMS = ['sha-512', 'sha-256'] as const
/** One of {@link ALGORITHMS}. */
export type Algorithm = (typeof ALGORITHMS)[number]

/** Length of a digest in bytes. */
export const DIGEST_BYTES: Readonly<Record<Algorithm, number>> = { 'sha-256': 32, 'sha-512': 64 }

/** Value of Want-Repr-Digest and Want-Content-Digest: sha-256 rather than sha-512 (RFC 9530 §4). */
export const WANT_DIGEST = 'sha-256=10, sha-512=3'

/** A digest that the file must have. */
export interface ExpectedDigest {
  readonly algorithm: Algorithm
  /** The digest in base64, padded. */
  readonly value: string
}

/**
 * The digests in a Repr-Digest or Content-Digest field (RFC 9530 §2, §3), by algorithm in base64. Unknown
 * algorithms, values of the wrong length and invalid fields are ignored.
 */
export function parseDigests(field: string | null): Readonly<Record<string, string>> {
  if (field === null) return {}
  const digests: Record<string, string> = {}
  let members: ReturnType<typeof parseDictionary>
  try {
    members = parseDictionary(field)
  } catch {
    return {} // not a structured field
  }
  for (const algorithm of ALGORITHMS) {
    const value = members.get(algorithm)?.[0]
    if (!(value instanceof ArrayBuffer) || value.byteLength !== DIGEST_BYTES[algorithm]) continue
    // Not by a Buffer: a page has none (`browser/`).
    digests[algorithm] = btoa(String.fromCharCode(...new Uint8Array(value)))
  }
  return digests
}

/** The strongest of several digests, to verify; null if there is none. */
export function strongest(digests: Readonly<Record<string, string>>): ExpectedDigest | null {
  for (const algorithm of ALGORITHMS) {
    const value = digests[algorithm]
    if (value !== undefined) return { algorithm, value }
  }
  return null
}
