// Digests in fields that are older than RFC 9530, or belong to one store. They are read only where the answer carries the
// whole file, because they do not agree about parts:
//
// - Content-MD5 is of the body that is sent (RFC 2616 §14.15). RFC 7231 removed it "because it was inconsistently implemented
//   with respect to partial responses".
// - Digest is of the whole file even in a 206 (RFC 3230 §4.3.2), but some servers hash the body.
// - S3 sends the checksum of a part of a multipart upload where a range is exactly that part.
import { DIGEST_BYTES, type SentAlgorithm } from './digest.ts'
import { type FieldLines, list } from './field-lines.ts'

/** A digest of a file, in padded base64. */
export type SentDigest = readonly [algorithm: SentAlgorithm, value: string]

/** RFC 3230 §4.1.1 and RFC 5843. Names are compared without case. */
const DIGEST_NAMES: ReadonlyMap<string, SentAlgorithm> = new Map([
  ['sha-512', 'sha-512'],
  ['sha-256', 'sha-256'],
  ['sha', 'sha-1'],
  ['md5', 'md5'],
])
/** Google Cloud Storage. */
const GOOGLE_NAMES: ReadonlyMap<string, SentAlgorithm> = new Map([
  ['md5', 'md5'],
  ['crc32c', 'crc32c'],
])
/** S3: the ends of the names of its fields. */
const AMAZON_NAMES: ReadonlyMap<string, SentAlgorithm> = new Map([
  ['sha512', 'sha-512'],
  ['sha256', 'sha-256'],
  ['sha1', 'sha-1'],
  ['md5', 'md5'],
  ['crc64nvme', 'crc64nvme'],
  ['crc32c', 'crc32c'],
  ['crc32', 'crc32'],
])

/** The digests in older fields of an answer that carries the whole file. What is unknown or malformed is ignored. */
export function olderDigests(fields: FieldLines): readonly SentDigest[] {
  if (isTransformed(fields)) return []
  return [
    ...digestField(fields),
    ...lines(fields, 'content-md5', 'md5'),
    ...googleDigests(fields),
    ...amazonDigests(fields),
  ]
}

/** The digests in a Digest field (RFC 3230). */
export function digestField(fields: FieldLines): readonly SentDigest[] {
  return inList(list(fields, 'digest'), DIGEST_NAMES)
}

/** RFC 7234 §5.5.6: a proxy that changes the body adds the warning 214. These fields are then of other bytes. */
function isTransformed(fields: FieldLines): boolean {
  return /(?:^|,)[\t ]*214[\t ]/.test(list(fields, 'warning') ?? '')
}

/** Of the bytes that are stored. Files stored with gzip are decompressed where identity is asked for. */
function googleDigests(fields: FieldLines): SentDigest[] {
  const stored = list(fields, 'x-goog-stored-content-encoding') ?? 'identity'
  const sent = list(fields, 'content-encoding') ?? 'identity'
  if (stored.toLowerCase() !== sent.toLowerCase()) return []
  return inList(list(fields, 'x-goog-hash'), GOOGLE_NAMES)
}

/** A composite checksum (`-N` at its end) is one of the checksums of N parts, not of the file. */
function amazonDigests(fields: FieldLines): SentDigest[] {
  if (list(fields, 'x-amz-checksum-type')?.toUpperCase() !== 'FULL_OBJECT') return []
  return [...AMAZON_NAMES].flatMap(([name, algorithm]) => lines(fields, `x-amz-checksum-${name}`, algorithm))
}

/** `name=base64, name=base64`. */
function inList(field: string | null, names: ReadonlyMap<string, SentAlgorithm>): SentDigest[] {
  return (field ?? '').split(',').flatMap((member) => {
    const [, name = '', value = ''] = /^[\t ]*([^=\t ]+)=([^\t ]*)[\t ]*$/.exec(member) ?? []
    return digest(names.get(name.toLowerCase()), value)
  })
}

/** The values of a field that has one digest. */
function lines(fields: FieldLines, name: string, algorithm: SentAlgorithm): SentDigest[] {
  return (fields.get(name) ?? []).flatMap((value) => digest(algorithm, value.trim()))
}

function digest(algorithm: SentAlgorithm | undefined, value: string): SentDigest[] {
  if (algorithm === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return []
  try {
    const bytes = atob(value)
    return bytes.length === DIGEST_BYTES[algorithm] ? [[algorithm, btoa(bytes)]] : []
  } catch {
    return [] // not base64
  }
}
