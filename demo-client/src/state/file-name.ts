// File names out of URLs and Content-Disposition, made safe. Pure.
import { nameInDisposition } from '../rules/disposition.ts'
import { decodePercent } from '../rules/percent.ts'
import { cutToBytes, hashOf, isStateName } from './state-paths.ts'

const FALLBACK = 'download'
const MAX_NAME_BYTES = 180
/** Windows finds the device also behind blanks and an extension. Superscript digits count there as digits. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$|clock\$)\s*(?:\.|$)/
/** Characters that nobody sees, or that only control others. U+2800 is a Braille pattern without dots. */
const INVISIBLE =
  /\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}|\p{Noncharacter_Code_Point}|\u2800/gu

/** Parameters of segments (RFC 3986 §3.3), which may hold a token: `;jsessionid=1`. */
const PARAMETERS = /;[^;=/]+=[^/]*/g

/** A name for what is at `url`: the last segment of its path without parameters, made safe. */
export function nameFromUrl({ pathname }: URL): string {
  return safeName(segmentOf(pathname.replace(PARAMETERS, '')))
}

/** The same, however long, and with the dots in front: what it says of the kind of file is in its end, or all there is. */
export function fullNameFromUrl(url: URL): string {
  return cleaned(segmentOf(url.pathname))
}

function segmentOf(path: string): string {
  return path.split('/').map(decodePercent).findLast(isName) ?? ''
}

/** The name a Content-Disposition suggests (RFC 6266), made safe, or null where it suggests none. */
export function nameFromDisposition(field: string | null): string | null {
  const name = field === null ? null : nameInDisposition(field)
  return name === null ? null : safeName(name)
}

/** The same, as {@link fullNameFromUrl}. */
export function fullNameFromDisposition(field: string | null): string | null {
  const name = field === null ? null : nameInDisposition(field)
  return name === null ? null : cleaned(name)
}

/**
 * A name that stays in its directory and works on every system: the last path segment, no character that is not seen,
 * none that Windows forbids, no dot in front (a hidden file), no dash or tilde in front (an option, a home), no device
 * name, no dot or blank at the end, not too long; the extension survives. It is never the name of a download's state.
 */
export function safeName(name: string): string {
  const clean = cleaned(name)
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  if (clean === '') return FALLBACK
  const folded = foldedName(clean)
  const front = /^[-~]/.test(folded) || DEVICE.test(folded) ? '_' : ''
  return shorten(`${front}${clean}${isStateName(folded) ? '_' : ''}`)
}

/** The last segment, without what is not seen. */
function cleaned(name: string): string {
  // RFC 6266 §4.3: "Recipients MUST NOT be able to write into any location other than one to which they are
  // specifically entitled": of a path only the last segment counts.
  const segment = name.split(/[/\\]/).findLast(isName) ?? ''
  return segment
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(/\p{Zs}/gu, ' ')
}

/** Dots, blanks and what nobody sees name nothing. */
function isName(segment: string): boolean {
  return /[^.\s]/.test(segment.replace(INVISIBLE, ''))
}

/** What the most forgiving file systems make of a name: one and the same for all spellings that they do not tell apart. */
function foldedName(name: string): string {
  return name
    .normalize('NFKC')
    .toUpperCase() // so that, for one, the long s is an s
    .toLowerCase()
    .replace(/[. ]+$/, '')
}

/** Two long names that begin alike stay two. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  const extension = /\.[\w-]{1,16}$/.exec(name)?.[0] ?? ''
  const end = `-${hashOf(name).slice(0, 8)}${extension}`
  return cutToBytes(name.slice(0, name.length - extension.length), MAX_NAME_BYTES - end.length) + end
}
