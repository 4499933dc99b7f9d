// What the names of a file say about what may come for it: an HTML page, coded bytes. Pure.

/** The names by which a file is asked for and answered. */
export interface FileNames {
  /** The last segments of all URLs from the one asked to the one that answered, in between those of redirects. */
  readonly urls: readonly string[]
  /** The server's own name for it (Content-Disposition), or null. */
  readonly disposition: string | null
  /** The name that the caller chose for the output, or null. */
  readonly output: string | null
}

/** Extensions of pages. */
const HTML = /^(?:x?html?|[sm]html?|dhtml|xht)$/
/** Extensions of programs whose output is a page as often as not. They say so in a URL only. */
const PROGRAMS = /^(?:php\d?|phtml|aspx?|jspx?|jsf|cfm|cgi|do|action)$/

/** The codings that an extension stands for: coded bytes are what such a file consists of. */
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

/** Values of Content-Encoding that change no byte: the framing that a store has taken off, charsets, and words for nothing. */
const NO_CODINGS = /^(?:identity|aws-chunked|none|binary|[78]bit|utf-?8|us-ascii|iso-8859-1)?$/

/** Extensions of compressed files, which some servers decompress on the way. */
const COMPRESSED = /^(?:br|bz2?|bzip2|gz|gzip|lz|lz4|lzma|lzo|xz|z|zst|zstd)$/

/**
 * May an HTML page be what is wanted? A name that is not HTML's own says no: the extension of any URL, of the server's
 * name or of the output. A name without an extension says nothing. An output named as a page is a page that was asked for.
 * A page that is compressed is one, too: `Content-Type` is what it is without its coding (RFC 9110 §8.4).
 */
export function isPageExpected({ urls, disposition, output }: FileNames): boolean {
  const chosen = kindOf(output)
  if (chosen !== null) return HTML.test(chosen) && isPageOrNothing(kindOf(disposition), HTML)
  if (!isPageOrNothing(kindOf(disposition), HTML)) return false
  return segmentsOf(urls).every((name) => {
    const kind = kindOf(name)
    return isPageOrNothing(kind, HTML) || isPageOrNothing(kind, PROGRAMS)
  })
}

/** Does a name say by itself that it is that of a page? `'program'`: or of a program, whose output is one as often as not. */
export function isPageName(name: string, or: 'program' | 'nothing'): boolean {
  const extension = extensionOf(name)
  return extension !== null && (HTML.test(extension) || (or === 'program' && PROGRAMS.test(extension)))
}

/** The name of a compressed file without the extension that says so: `page.html` for `page.html.gz`, but not `data` for `data.gz`. */
export function decompressedName(name: string): string {
  const { stem, extension } = partsOf(name)
  return extension !== null && COMPRESSED.test(extension) && extensionOf(stem) !== null ? stem : name
}

/** The extension that says what a file is when it is decompressed. */
function kindOf(name: string | null): string | null {
  return name === null ? null : extensionOf(decompressedName(name))
}

/**
 * The segments of URLs as they can be read. A semicolon may begin the parameters of a segment (RFC 3986 §3.3):
 * `f.pdf;next=index.html`. A question mark was encoded (`f.pdf%3Fx`), by a program that took a query for a part of the name.
 */
export function segmentsOf(urls: readonly string[]): string[] {
  return urls.flatMap((name) => [name.replace(/\?.*/, ''), name.replace(/[;?].*/, '')])
}

/**
 * What of a Content-Encoding was not to be expected, or null: `identity` was asked for. A coding that a name stands for is no
 * coding of the file but the file itself.
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

function isPageOrNothing(extension: string | null, pages: RegExp): boolean {
  return extension === null || pages.test(extension)
}

/** Up to the end, or to what is no part of it: `.zip (1)`. A percent sign stands for what is not UTF-8. */
const EXTENSION = /\.([\p{L}\p{N}%][\p{L}\p{M}\p{N}_+~%-]{0,31})(?:[^\p{L}\p{M}\p{N}_+~%.-][^.]*)?$/u

/**
 * The extension of a name, in lower case, or null: `.safetensors`, `.x86_64`, but not that of `St. Mary's`. A name can be
 * nothing else (`.zip`), and dots and blanks behind it are no part of it.
 */
export function extensionOf(name: string | null): string | null {
  return partsOf(name ?? '').extension
}

/** The {@link extensionOf} a name, and what stands before it. */
function partsOf(name: string): { readonly stem: string; readonly extension: string | null } {
  const clean = name.replace(/[.\s]+$/, '')
  const found = EXTENSION.exec(clean)
  return { stem: clean.slice(0, found?.index), extension: found?.[1]?.toLowerCase() ?? null }
}
