import { create } from 'content-disposition'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a header field
const UNSAFE = /[\u0000-\u001f\u007f]|\p{Surrogate}/gu

/**
 * A Content-Disposition that makes browsers save, RFC 6266 with the extended notation of RFC 8187 for names beyond
 * Latin-1.
 *
 * @param download `true` takes the last segment of the path as the name
 */
export function attachment(download: true | string, path: string): string {
  const name = download === true ? path.slice(path.lastIndexOf('/') + 1) : download
  return create(name.replace(UNSAFE, '_'))
}
