/** How the server in front is told which file to send, after every check. */
export type HandOver =
  | {
      /** nginx. */
      readonly header: 'X-Accel-Redirect'
      /** The internal location of nginx for the `root`. It starts and ends with a slash. */
      readonly prefix: string
    }
  | {
      /** Apache with mod_xsendfile. */
      readonly header: 'X-Sendfile'
    }

/** A field that hands a file over. */
export interface HandOverField {
  readonly name: string
  readonly value: string
}

/**
 * Fields with which an answer has the server in front send a file of its own, or delete it: nginx, mod_xsendfile,
 * lighttpd, LiteSpeed, Perlbal. In lower case.
 */
export const HAND_OVER_FIELDS: readonly string[] = [
  'x-accel-redirect',
  'x-lighttpd-send-file',
  'x-litespeed-location',
  'x-reproxy-file',
  'x-reproxy-url',
  'x-sendfile',
  'x-sendfile-temporary',
  'x-sendfile2',
]

/** nginx reads the head of an answer into one page (`proxy_buffer_size`), and refuses a longer one. */
const LONGEST_VALUE = 2048

// One or more segments of characters that need no encoding. There is no `.` or `..` segment.
const PREFIX = /^\/(?:(?!\.{1,2}\/)[\w.~!$&'()*+,;=:@-]+\/)+$/

/** Whether a value of the application is a {@link HandOver}. */
export function isHandOver(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { header, prefix, ...others } = value as Record<string, unknown>
  if (Object.keys(others).length > 0) return false
  if (header === 'X-Sendfile') return prefix === undefined
  return header === 'X-Accel-Redirect' && typeof prefix === 'string' && PREFIX.test(prefix)
}

/** Where a file is. */
export interface FilePlace {
  /** Absolute. */
  readonly root: string
  /** Below the root. None of them is a symbolic link. */
  readonly segments: readonly string[]
}

/**
 * The field that names a file to the server in front. Undefined if that server could take it for another name: then the
 * file must be sent from here.
 */
export function handOverField(handOver: HandOver, { root, segments }: FilePlace): HandOverField | undefined {
  const value =
    handOver.header === 'X-Sendfile'
      ? sendfileValue([...root.split('/').filter((segment) => segment !== ''), ...segments])
      : handOver.prefix + segments.map(encodeURIComponent).join('/')
  return value === undefined || value.length > LONGEST_VALUE ? undefined : { name: handOver.header, value }
}

/**
 * mod_xsendfile 0.12, which Debian has, takes the bytes of the value as they are. Later versions, and lighttpd, decode
 * `%XX` first. Without a `%` all of them read the same path. A field has no control characters and no space at its end
 * (RFC 9110 §5.5: "A field value does not include leading or trailing whitespace").
 */
function sendfileValue(segments: readonly string[]): string | undefined {
  const path = `/${segments.join('/')}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[%\\\0-\x1f\x7f]|\s$/.test(path)) return undefined
  // §5.5: bytes above 0x7f are "obs-text". Node writes each character of a field as one byte.
  return Buffer.from(path, 'utf8').toString('latin1')
}
