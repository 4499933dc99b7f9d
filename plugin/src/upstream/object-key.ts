import { SendRangeError } from '../errors.ts'
import type { Refusal } from '../rules/refusal.ts'

/** The longest key of an object that S3 allows, in bytes of UTF-8. Other origins have no lower limit. */
const MAX_KEY_BYTES = 1024

/** A path that names an object, or why it names none. */
export type CheckedKey = { readonly kind: 'key' } | { readonly kind: 'refused'; readonly reason: Refusal }

const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * Checks a decoded path before it becomes a key or a URL. As with files, nothing is normalised: a proxy or a store may
 * resolve `..`, `.`, `//` and `\`, and would then answer with another object than the one that the app has checked. Names
 * that start with a dot are served: a bucket holds what was put there to be served, unlike a folder.
 */
export function checkKey(path: string): CheckedKey {
  const reason = whyRefused(path)
  return reason === undefined ? { kind: 'key' } : { kind: 'refused', reason }
}

function whyRefused(path: string): Refusal | undefined {
  if (path === '') return 'empty-path'
  if (path.includes('\0')) return 'nul'
  if (path.includes('\\')) return 'backslash'
  if (LONE_SURROGATE.test(path)) return 'lone-surrogate'
  if (Buffer.byteLength(path) > MAX_KEY_BYTES) return 'too-long'
  const segments = path.split('/')
  if (segments.includes('..')) return 'outside-root'
  if (path.startsWith('/')) return 'leading-slash'
  if (path.endsWith('/')) return 'trailing-slash'
  if (segments.includes('')) return 'empty-segment'
  return segments.includes('.') ? 'dot-segment' : undefined
}

/**
 * A key as the path of a URL, without its first slash. Each segment is encoded once, all but the unreserved characters of
 * RFC 3986: signature 4 is made over this form, and stores compute it again from the key.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for what is not a string, or has an unpaired surrogate
 */
export function encodePath(key: string): string {
  const given: unknown = key
  if (typeof given !== 'string' || LONE_SURROGATE.test(given))
    throw new SendRangeError('ERR_RANGE_OPTION', 'encodePath takes a string without unpaired surrogates')
  return key.split('/').map(encodeSegment).join('/')
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
