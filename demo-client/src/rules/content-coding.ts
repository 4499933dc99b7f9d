// Content codings that an answer may have although the request asks for `identity`. Pure.
import { extensionOf, type FileNames } from '../content/named-content.ts'

/** The codings that an extension stands for: such a file consists of coded bytes. */
const CODINGS: readonly (readonly [extensions: RegExp, codings: readonly string[]])[] = [
  [/^(?:gz|gzip|tgz|taz|svgz|emz|wmz|vgz|cpgz)$/, ['gzip', 'x-gzip']],
  [/^(?:z|taz|tz)$/, ['compress', 'x-compress']],
  [/^(?:br|tbr)$/, ['br']],
  [/^(?:zst|zstd|tzst)$/, ['zstd', 'x-zstd']],
  [/^(?:bz2?|tbz2?|tb2)$/, ['bzip2', 'x-bzip2', 'x-bzip']],
  [/^(?:xz|txz)$/, ['xz', 'x-xz']],
  [/^(?:lzma|tlz)$/, ['lzma', 'x-lzma']],
  [/^(?:lz4)$/, ['lz4', 'x-lz4']],
  [/^zz$/, ['deflate']],
]

/** Values of Content-Encoding that change no byte: a framing that the store has removed, charsets, and words for no coding. */
const NO_CODINGS = /^(?:identity|aws-chunked|none|binary|[78]bit|utf-?8|us-ascii|iso-8859-1)?$/

/**
 * The Content-Encoding if it is unexpected, or null. The request asks for `identity`. A coding that the file's name stands
 * for is part of the file itself.
 */
export function unexpectedCoding(
  field: string | null,
  { urls, disposition, output }: FileNames,
): string | null {
  const codings = (field ?? '').split(',').map((each) => each.trim().toLowerCase())
  const [coding, ...others] = codings.filter((each) => !NO_CODINGS.test(each))
  if (coding === undefined) return null
  const extensions = [...urls, disposition, output].map(extensionOf)
  const own = CODINGS.filter(([of]) =>
    extensions.some((extension) => extension !== null && of.test(extension)),
  )
  const isOwn = others.length === 0 && own.some(([, names]) => names.includes(coding))
  return isOwn ? null : field
}
