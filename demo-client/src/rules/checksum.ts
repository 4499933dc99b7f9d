import { DownloadError } from '../errors.ts'
import { type Algorithm, DIGEST_BYTES, type ExpectedDigest, type SentAlgorithm } from './digest.ts'

/**
 * A digest as a user writes it: `sha-256=` or `sha-512=`, then hexadecimal digits or base64.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function parseChecksum(text: string): ExpectedDigest {
  const match = /^sha-?(256|512)[=:](.+)$/i.exec(text.trim())
  const algorithm: Algorithm = match?.[1] === '512' ? 'sha-512' : 'sha-256'
  const value = digestValue(match?.[2] ?? '', algorithm)
  if (value === null) {
    const form = 'Write sha-256= or sha-512=, and then the digest in hexadecimal or base64'
    throw new DownloadError('ERR_DOWNLOAD_USAGE', `not a checksum: "${text}". ${form}`)
  }
  return { algorithm, value }
}

/** A digest in hexadecimal or base64 as padded base64; null if it is neither, or not as long as this algorithm's. */
export function digestValue(text: string, algorithm: SentAlgorithm): string | null {
  const size = DIGEST_BYTES[algorithm]
  const isHex = text.length === size * 2 && /^[0-9a-f]+$/i.test(text)
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
  const bytes = Buffer.from(text, isHex ? 'hex' : 'base64')
  return (isHex || isBase64) && bytes.length === size ? bytes.toString('base64') : null
}
