// Safe file names from URLs and Content-Disposition. Pure.
import { lazyPattern } from '../lazy.ts'
import { nameInDisposition } from '../rules/disposition.ts'
import { decodePercent } from '../rules/percent-encoding.ts'
import { cutToBytes, hashOf, isStateName } from './state-paths.ts'

const FALLBACK = 'download'
const MAX_NAME_BYTES = 180
/** Windows opens the device even if blanks or an extension follow. Superscript digits count as digits there. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$|clock\$)\s*(?:\.|$)/
/** Characters that are invisible, or only control others. U+2800 is a Braille pattern without dots. */
const invisible = lazyPattern(
  String.raw`\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}|\p{Noncharacter_Code_Point}|\u2800`,
  'gu',
)
const blank = lazyPattern(String.raw`\p{Zs}`, 'gu')
/** Characters of ASCII that are visible, or a plain blank. */
const PLAIN = /^[ -~]*$/

/** Parameters of segments (RFC 3986 §3.3), which may contain a secret: `;jsessionid=1`. */
const PARAMETERS = /;[^;=/]+=[^/]*/g

/** A safe name from a URL: the last segment of its path, without parameters. */
export function nameFromUrl({ pathname }: URL): string {
  return safeName(segmentOf(pathname.replace(PARAMETERS, '')))
}

/** The same name, not shortened and with leading dots: its end, or all of it (`.zip`), says what kind of file it is. */
export function fullNameFromUrl(url: URL): string {
  return cleaned(segmentOf(url.pathname))
}

function segmentOf(path: string): string {
  return path.split('/').map(decodePercent).findLast(isName) ?? ''
}

/** The safe form of the name that a Content-Disposition suggests (RFC 6266); null if it suggests none. */
export function nameFromDisposition(field: string | null): string | null {
  const name = field === null ? null : nameInDisposition(field)
  return name === null ? null : safeName(name)
}

/** The same name in the form of {@link fullNameFromUrl}. */
export function fullNameFromDisposition(field: string | null): string | null {
  const name = field === null ? null : nameInDisposition(field)
  return name === null ? null : cleaned(name)
}

/**
 * A name that stays in its directory and works on every system: the last path segment, without invisible characters and
 * those that Windows forbids. It has no leading dot (a hidden file), dash or tilde (an option, a home), no dot or blank at its
 * end, and is no device name. A long one is shortened, but keeps its extension. It is never the name of a state file.
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

/** The last segment, without invisible characters. */
function cleaned(name: string): string {
  // RFC 6266 §4.3: "Recipients MUST NOT be able to write into any location other than one to which they are
  // specifically entitled": of a path only the last segment counts.
  const segment = name.split(/[/\\]/).findLast(isName) ?? ''
  return visible(segment.normalize('NFC'))
}

/** `text` without invisible characters, with plain blanks. */
function visible(text: string): string {
  return PLAIN.test(text) ? text : text.replace(invisible(), '').replace(blank(), ' ')
}

/** Dots, blanks and invisible characters alone are not a name. */
function isName(segment: string): boolean {
  return /[^.\s]/.test(visible(segment))
}

/** A name as the most tolerant file systems compare it: equal for all spellings that one of them does not distinguish. */
export function foldedName(name: string): string {
  return name
    .normalize('NFKC')
    .toUpperCase() // so that the long s, for example, is an s
    .toLowerCase()
    .replace(/[. ]+$/, '')
}

/** Shortens a name. Two long names with the same beginning stay different. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  const extension = /\.[\w-]{1,16}$/.exec(name)?.[0] ?? ''
  const end = `-${hashOf(name).slice(0, 8)}${extension}`
  return cutToBytes(name.slice(0, name.length - extension.length), MAX_NAME_BYTES - end.length) + end
}
