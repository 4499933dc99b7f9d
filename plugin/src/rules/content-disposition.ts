import { create } from 'content-disposition'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a header field
const UNSAFE = /[\u0000-\u001f\u007f]|\p{Surrogate}/gu

/** A backslash separates on Windows. */
const SEPARATOR = /[/\\]/

/**
 * A Content-Disposition that makes browsers save, RFC 6266 with the extended notation of RFC 8187 for names beyond
 * Latin-1. Without a name where there is none: browsers then take one from the URL.
 *
 * @param download `true` takes the path as the name; of either only the last segment is sent
 */
export function attachment(download: true | string, path: string): string {
  const name = lastSegment(download === true ? path : download)
  return name === undefined ? 'attachment' : create(name.replace(UNSAFE, '_'))
}

/**
 * RFC 6266 §4.3: recipients "MUST NOT be able to write into any location other than one to which they are specifically
 * entitled"; not all of them take care.
 */
function lastSegment(path: string): string | undefined {
  const isName = (segment: string): boolean => !['', '.', '..'].includes(segment)
  return path.split(SEPARATOR).filter(isName).at(-1)
}
