// Recognizes by its first bytes what servers send in place of a file, such as a login page. Pure.
import { claimsNoFormat, isJson } from './media-types.ts'

/** What stands in for a file: a page, an error message in JSON, an XML error of an object store, a Git LFS pointer. */
export type StandIn = 'page' | 'json' | 'error' | 'pointer'

/** The first bytes of an answer, and what is known about it. */
export interface Start {
  /** They begin with the first byte of the file. */
  readonly bytes: Uint8Array
  /** Content-Type, all lines joined; `''` where it is missing. */
  readonly contentType: string
  /** What a file of this name cannot be. */
  readonly suspects: readonly StandIn[]
}

/** Only this many bytes are checked: the resource header of the WHATWG's MIME Sniffing Standard, §5.2. */
export const MAX_CHECKED_BYTES = 1445

/** Tags of the same standard, §7.1, and others with which login pages and error messages begin. */
const TAGS = [
  ...['!doctype html', 'html', 'head', 'script', 'iframe', 'h1', 'div', 'font', 'table'],
  ...['a', 'style', 'title', 'b', 'body', 'br', 'p'],
  ...['center', 'form', 'h2', 'h3', 'link', 'meta', 'noscript', 'pre', 'span', 'strong'],
]

/** How they begin, in the form of {@link textOf}. */
const STARTS: Readonly<Record<StandIn, readonly string[]>> = {
  // "A tag-terminating byte (abbreviated 0xTT) is any one of the following bytes: 0x20 (SP), 0x3E (">")." Here line ends
  // and tabs are blanks, too.
  page: ['<!--', ...TAGS.flatMap((tag) => [`<${tag} `, `<${tag}>`])],
  json: ['{"', '{ "', '{}', '{ }', '["', '[ "', '[{', '[ {', '[]', '[ ]'],
  error: ['<error><code>'],
  pointer: ['version https://git-lfs.github.com/spec/v1 '],
}

/** What the server did. Each completes a sentence that begins with "the server". */
const REASONS: Readonly<Record<StandIn, string>> = {
  page: 'sent an HTML page where a file should be (a login or error page? --accept-html accepts it)',
  json: 'sent a JSON document where a file should be (an error message? --accept-html accepts it)',
  error: 'sent an XML error document where a file should be (--accept-html accepts it)',
  pointer: 'sent a Git LFS pointer, not the file itself (a link to the raw file? --accept-html accepts it)',
}

/** Why this is refused. Completes a sentence that begins with "the server". */
export function reasonFor(kind: StandIn): string {
  return REASONS[kind]
}

/** What these bytes are instead of the file. `'more'`: more bytes are needed to decide. */
export function standInOf({ bytes, contentType, suspects }: Start): StandIn | 'none' | 'more' {
  if (suspects.length === 0 || !claimsNoFormat(contentType)) return 'none'
  const kinds = suspects.filter((kind) => kind !== 'json' || isJson(contentType))
  const text = textOf(bytes.subarray(0, MAX_CHECKED_BYTES))
  const found = text === null ? 'more' : kindOf(text, kinds)
  return found === 'more' && bytes.length >= MAX_CHECKED_BYTES ? 'none' : found
}

function kindOf(text: string, kinds: readonly StandIn[]): StandIn | 'none' | 'more' {
  const found = kinds.find((kind) => STARTS[kind].some((start) => text.startsWith(start)))
  if (found !== undefined) return found
  const isOpen = kinds.some((kind) => STARTS[kind].some((start) => start.startsWith(text)))
  return isOpen ? 'more' : 'none'
}

const PROLOG = '<?xml '

/**
 * The first characters in lower case, without a byte order mark, an XML declaration and leading blanks, and with one blank
 * in place of several. Null if the declaration is not complete.
 */
function textOf(bytes: Uint8Array): string | null {
  const text = decode(bytes)
    .replace(/[\t\n\f\r ]+/g, ' ')
    .replace(/^ | (?=<)|(?<=>) $/g, '')
    .toLowerCase()
  if (!text.startsWith(PROLOG)) return PROLOG.startsWith(text) ? null : text
  return /\?>(.*)/.exec(text)?.[1] ?? null
}

const UTF_8 = '\xef\xbb\xbf'
const UTF_16_LITTLE = '\xff\xfe'
const UTF_16_BIG = '\xfe\xff'

/** Bytes as characters: UTF-16 if it has a mark, otherwise Latin-1, because only ASCII is looked for. */
function decode(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes)
  if ([UTF_8, UTF_16_LITTLE, UTF_16_BIG].some((mark) => mark.startsWith(text))) return ''
  if (text.startsWith(UTF_8)) return text.slice(UTF_8.length)
  const whole = bytes.subarray(2, bytes.length - (bytes.length % 2))
  if (text.startsWith(UTF_16_LITTLE)) return new TextDecoder('utf-16le').decode(whole)
  if (text.startsWith(UTF_16_BIG)) return new TextDecoder('utf-16be').decode(whole)
  return text
}
