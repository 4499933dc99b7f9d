// File names out of URLs and Content-Disposition, made safe. Pure.
import { parse } from 'content-disposition'
import { decodePercent } from './percent.ts'

const FALLBACK = 'download'
/** Leaves room, within the usual 255 bytes, for `.part.json.tmp` and the lock's suffixes. */
const MOST_BYTES = 180
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?$/i

/** A name for what is at `url`: the last segment of its path, made safe. */
export function nameFromUrl(url: URL): string {
  const segment = url.pathname.split('/').findLast((part) => part !== '') ?? ''
  return safeName(decodePercent(segment))
}

/** The name a Content-Disposition suggests (RFC 6266), made safe, or null where it suggests none. */
export function nameFromDisposition(field: string | null): string | null {
  if (field === null) return null
  let name: unknown
  try {
    name = parse(field).parameters['filename']
  } catch {
    return null // not a Content-Disposition: nothing was suggested
  }
  return typeof name === 'string' && name.trim() !== '' ? safeName(name) : null
}

/**
 * A name that stays in its directory and works on every system: the last path segment, no control or
 * formatting characters, none that Windows forbids, no dot in front (a hidden file), no device name, no dot
 * or blank at the end, not too long; the extension survives.
 */
export function safeName(name: string): string {
  // RFC 6266 §4.3: "Recipients MUST NOT be able to write into any location other than one to which they are
  // specifically entitled": of a path only the last segment counts.
  const segment = name.split(/[/\\]/).findLast((part) => part.trim() !== '') ?? ''
  const clean = segment
    .normalize('NFC')
    .replace(/\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .trim()
    .replace(/^\.+/, '')
    .replace(/[. ]+$/, '')
    .trim()
  if (clean === '') return FALLBACK
  return shorten(RESERVED.test(clean) ? `_${clean}` : clean)
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MOST_BYTES) return name
  const extension = /\.[\w-]{1,16}$/.exec(name)?.[0] ?? ''
  let stem = ''
  for (const character of name.slice(0, name.length - extension.length)) {
    if (Buffer.byteLength(stem + character + extension) > MOST_BYTES) break
    stem += character
  }
  return stem + extension
}
