// What redirects say about the file that they lead to.
//
// The storage that large files are redirected to often sends neither an ETag nor a usable date. The server that redirects
// knows the file: Hugging Face sends X-Linked-ETag and X-Linked-Size, and servers with mirrors send Digest (RFC 6249 §6).
import { type Digests, parseDigests } from './digest.ts'
import { digits, type FieldLines, list, single } from './field-lines.ts'
import { digestField } from './older-digests.ts'

/** What the redirects to a file say about it. */
export interface LinkedFile {
  /** A strong entity-tag that is not a digest, or null. */
  readonly tag: string | null
  /** Size in bytes, or null. */
  readonly total: number | null
  readonly digests: Digests
}

/** Before any redirect. */
export const NOTHING_LINKED: LinkedFile = { tag: null, total: null, digests: {} }

/** A sha-256 in hexadecimal, as Hugging Face has it for files in LFS. For others it is the object name of git, a sha-1. */
const SHA256_TAG = /^"?([0-9a-f]{64})"?$/i
const TAG = /^"[\x21\x23-\x7e]+"$/

/** `before`, and what the redirect with these `fields` adds. */
export function linkedFile(before: LinkedFile, fields: FieldLines): LinkedFile {
  const tag = single(fields, 'x-linked-etag') ?? ''
  const hex = SHA256_TAG.exec(tag)?.[1]
  const digests = {
    ...before.digests,
    ...Object.fromEntries(digestField(fields)),
    ...parseDigests(list(fields, 'repr-digest')),
    ...(hex === undefined ? {} : { 'sha-256': base64(hex) }),
  }
  return {
    tag: hex === undefined && TAG.test(tag) ? tag : before.tag,
    total: digits(single(fields, 'x-linked-size')) ?? before.total,
    digests,
  }
}

/** Without the digests that the body of the redirect itself has. Some servers add one to every answer. */
export function withoutOwn(linked: LinkedFile, ownDigests: Digests): LinkedFile {
  const digests = Object.entries(linked.digests).filter(
    ([algorithm, value]) => ownDigests[algorithm] !== value,
  )
  return { ...linked, digests: Object.fromEntries(digests) }
}

function base64(hex: string): string {
  const bytes = [...hex.matchAll(/../g)].map(([code]) => Number.parseInt(code, 16))
  return btoa(String.fromCharCode(...bytes))
}
