// What the names of a file say about its content: whether it may be an HTML page. Pure.
import { lazyPattern } from '../lazy.ts'

/** The names of a file in a request and its answer. */
export interface FileNames {
  /** The last path segments of the URL, of those that it redirected to, and of the one that answered. */
  readonly urls: readonly string[]
  /** The server's own name for it (Content-Disposition), or null. */
  readonly disposition: string | null
  /** The name that the caller chose for the output, or null. */
  readonly output: string | null
}

/** Extensions of pages. */
const HTML = /^(?:x?html?|[sm]html?|dhtml|xht)$/
/** Extensions of programs, whose output often is a page. They mean that only in a URL. */
const PROGRAMS = /^(?:php\d?|phtml|aspx?|jspx?|jsf|cfm|cgi|do|action)$/

/** Extensions of compressed files, which some servers send decompressed. */
const COMPRESSED = /^(?:br|bz2?|bzip2|gz|gzip|lz|lz4|lzma|lzo|xz|z|zst|zstd)$/

/**
 * May the file be an HTML page? If the extension of any URL, of the server's name or of the output is that of another
 * format, it may not. A name without an extension says nothing. If the output is named as a page, a page is wanted. A
 * compressed page is a page, too: `Content-Type` says what it is without its coding (RFC 9110 §8.4).
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

/** Does the extension of a name alone say that it is a page? `'program'`: or a program, whose output often is one. */
export function isPageName(name: string, or: 'program' | 'nothing'): boolean {
  const extension = extensionOf(name)
  return extension !== null && (HTML.test(extension) || (or === 'program' && PROGRAMS.test(extension)))
}

/** The name of a compressed file without that extension: `page.html` for `page.html.gz`, but not `data` for `data.gz`. */
export function decompressedName(name: string): string {
  const { stem, extension } = partsOf(name)
  return extension !== null && COMPRESSED.test(extension) && extensionOf(stem) !== null ? stem : name
}

/** The extension that says what a file is when it is decompressed. */
function kindOf(name: string | null): string | null {
  return name === null ? null : extensionOf(decompressedName(name))
}

/**
 * All readings of the segments of URLs. A semicolon may begin the parameters of a segment (RFC 3986 §3.3):
 * `f.pdf;next=index.html`. A question mark was encoded (`f.pdf%3Fx`) by a program that took a query for a part of the name.
 */
export function segmentsOf(urls: readonly string[]): string[] {
  return urls.flatMap((name) => [name.replace(/\?.*/, ''), name.replace(/[;?].*/, '')])
}

function isPageOrNothing(extension: string | null, pages: RegExp): boolean {
  return extension === null || pages.test(extension)
}

/** A name of ASCII alone. */
const PLAIN = /^[ -~]*$/
const plainExtension = extensionPattern({ first: 'A-Za-z0-9', later: 'A-Za-z0-9' })
const anyExtension = extensionPattern({
  first: String.raw`\p{L}\p{N}`,
  later: String.raw`\p{L}\p{M}\p{N}`,
})

/** An extension ends at the end of the name, or before other characters: `.zip (1)`. A percent sign encodes non-UTF-8 bytes. */
function extensionPattern({
  first,
  later,
}: {
  readonly first: string
  readonly later: string
}): () => RegExp {
  return lazyPattern(String.raw`\.([${first}%][${later}_+~%\-]{0,31})(?:[^${later}_+~%.\-][^.]*)?$`, 'u')
}

/**
 * The extension of a name, in lower case, or null: `.safetensors`, `.x86_64`, but none in `St. Mary's`. It may be the whole
 * name (`.zip`). Dots and blanks after it do not belong to it.
 */
export function extensionOf(name: string | null): string | null {
  return partsOf(name ?? '').extension
}

/** The extension of a name, see {@link extensionOf}, and the text before it. */
function partsOf(name: string): { readonly stem: string; readonly extension: string | null } {
  const clean = name.replace(/[.\s]+$/, '')
  const found = (PLAIN.test(clean) ? plainExtension() : anyExtension()).exec(clean)
  return { stem: clean.slice(0, found?.index), extension: found?.[1]?.toLowerCase() ?? null }
}
