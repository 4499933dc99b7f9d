// The lines of a file of checksums, as sha256sum, its option --tag, BSD and openssl write them. Pure.
import { DownloadError } from '../errors.ts'
import type { Algorithm } from '../rules/digest.ts'

/** A line about one file. */
export interface ChecksumLine {
  /** As it was written, without escapes; null if the line is a digest alone. */
  readonly name: string | null
  readonly algorithm: Algorithm | 'other'
  /** In hexadecimal, lower case. */
  readonly digest: string
  /** From 1. */
  readonly line: number
}

/** `DIGEST  NAME`, `DIGEST *NAME` or the digest alone. A backslash in front says that the name has escapes. */
const PLAIN = /^(\\?)([0-9a-f]{32,128})(?:(?: [ *]|[ \t]+(?![ \t]))(.+))?$/i
/** `SHA256 (NAME) = DIGEST`; openssl: `SHA2-256(NAME)= DIGEST`. */
const TAGGED = /^(\\?)([A-Z][\w/-]*) ?\((.+)\) ?= ([0-9a-f]{32,128})$/i

const BY_LENGTH: Readonly<Record<number, Algorithm>> = { 64: 'sha-256', 128: 'sha-512' }
const BY_TAG: Readonly<Record<string, Algorithm>> = {
  SHA256: 'sha-256',
  'SHA2-256': 'sha-256',
  SHA512: 'sha-512',
  'SHA2-512': 'sha-512',
}

/** A file of checksums. */
export interface ChecksumFile {
  readonly lines: readonly ChecksumLine[]
  /** Is it signed? The signature is not checked. */
  readonly isSigned: boolean
}

/**
 * Reads a file of checksums. The armour of a clear signature is skipped.
 * @param name of the file, for messages
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` with the line that is not one of a file of checksums
 */
export function readChecksumFile(text: string, name: string): ChecksumFile {
  const lines: ChecksumLine[] = []
  let place: 'text' | 'head' | 'signed' | 'signature' = 'text'
  let isSigned = false
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '')
    if (line === '-----BEGIN PGP SIGNED MESSAGE-----') place = 'head'
    else if (line === '-----BEGIN PGP SIGNATURE-----') {
      isSigned = true
      place = 'signature'
    } else if (line === '-----END PGP SIGNATURE-----') place = 'text'
    else if (place === 'head') {
      // RFC 9580 §7: "Exactly one empty line" ends the headers.
      if (line === '') place = 'signed'
    } else if (place !== 'signature') {
      // RFC 9580 §7.2: a line that begins with a dash is prefixed by a dash and a blank.
      const content = place === 'signed' ? line.replace(/^- /, '') : line
      if (content.trim() !== '' && !content.startsWith('#')) lines.push(lineOf(content, index + 1, name))
    }
  }
  return { lines, isSigned }
}

function lineOf(text: string, line: number, file: string): ChecksumLine {
  const tagged = TAGGED.exec(text)
  const plain = PLAIN.exec(text)
  const backslash = tagged?.[1] ?? plain?.[1] ?? ''
  const digest = (tagged?.[4] ?? plain?.[2] ?? '').toLowerCase()
  const name = tagged?.[3] ?? plain?.[3] ?? null
  if (digest === '' || name?.trim() === '')
    throw new DownloadError('ERR_DOWNLOAD_USAGE', `${file}:${line}: it is not a line of a file of checksums`)
  const byLength = BY_LENGTH[digest.length]
  const byTag = tagged === null ? byLength : BY_TAG[String(tagged[2]).toUpperCase()]
  return {
    name: name !== null && backslash !== '' ? unescaped(name) : name,
    algorithm: byTag !== undefined && byTag === byLength ? byTag : 'other',
    digest,
    line,
  }
}

/** These three mean the same in JSON. */
function unescaped(name: string): string {
  return name.replace(/\\[\\nr]/g, (sequence) => JSON.parse(`"${sequence}"`) as string)
}
