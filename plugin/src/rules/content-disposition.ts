import { create } from 'content-disposition'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must not get into a header field
const UNSAFE = /[\u0000-\u001f\u007f]|\p{Surrogate}/gu

/** On Windows a backslash separates too. */
const SEPARATOR = /[/\\]/

/**
 * A Content-Disposition that makes browsers save the file: RFC 6266, with the extended notation of RFC 8187 for names
 * outside Latin-1. If the path has no name, browsers take one from the URL.
 *
 * @param download the name; `true`: the path. Only the last segment is sent.
 */
export function attachment(download: true | string, path: string): string {
  const name = lastSegment(download === true ? path : download)
  return name === undefined ? 'attachment' : create(name.replace(UNSAFE, '_'))
}

/**
 * RFC 6266 §4.3: recipients "MUST NOT be able to write into any location other than one to which they are specifically
 * entitled". Not all of them obey.
 */
function lastSegment(path: string): string | undefined {
  const isName = (segment: string): boolean => !['', '.', '..'].includes(segment)
  return path.split(SEPARATOR).filter(isName).at(-1)
}
