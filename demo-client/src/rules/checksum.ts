import { DownloadError } from '../errors.ts'
import { type Algorithm, DIGEST_BYTES, type ExpectedDigest } from './digest.ts'

/**
 * A digest as a user writes it: `sha-256=` or `sha-512=`, then hexadecimal digits or base64.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function parseChecksum(text: string): ExpectedDigest {
  const match = /^sha-?(256|512)[=:](.+)$/i.exec(text.trim())
  const algorithm: Algorithm = match?.[1] === '512' ? 'sha-512' : 'sha-256'
  const value = match?.[2] ?? ''
  const size = DIGEST_BYTES[algorithm]
  const isHex = value.length === size * 2 && /^[0-9a-f]+$/i.test(value)
  const bytes = Buffer.from(value, isHex ? 'hex' : 'base64')
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(value)
  if (match === null || (!isHex && !isBase64) || bytes.length !== size) {
    const form = 'Write sha-256= or sha-512=, and then the digest in hexadecimal or base64'
    throw new DownloadError('ERR_DOWNLOAD_USAGE', `not a checksum: "${text}". ${form}`)
  }
  return { algorithm, value: bytes.toString('base64') }
}
