// The media types that a Content-Type names, and what they claim. Pure.

/** Types by which a server says that it does not know the format. */
const UNKNOWN =
  /^(?:application|binary|unknown|\*)\/(?:(?:x-)?(?:octet-stream|binary|unknown|download|force-download|file|save)|\*)$/
/** Types of text, in which a page can be; some of them no standard knows. */
const TEXT = /^text\/|[/+](?:json|xml)$|^application\/(?:x-)?(?:ecmascript|html|httpd-php|javascript|text)$/

/** The media types of a Content-Type, which should be one, in lower case without parameters and quotes. */
export function mediaTypes(contentType: string): string[] {
  const bare = contentType.replace(/=\s*"(?:[^"\\]|\\.)*"/g, '=')
  return bare.split(',').map((type) => type.replace(/;.*|["'\s]/gs, '').toLowerCase())
}

/** Is this media type, or one of several, that of an HTML page? */
export function isHtml(contentType: string): boolean {
  return mediaTypes(contentType).some((type) => type === 'text/html' || type === 'application/xhtml+xml')
}

/** Is it, or one of several, that of a JSON document? */
export function isJson(contentType: string): boolean {
  return mediaTypes(contentType).some((type) => /[/+]json$/.test(type))
}

/**
 * Does it claim no binary format: is it missing, no media type, one for unknown bytes, or one of text? One of several is
 * enough, since then it is not known which is meant.
 */
export function claimsNoFormat(contentType: string): boolean {
  return mediaTypes(contentType).some(
    (type) => !/^[^/]+\/[^/]+$/.test(type) || UNKNOWN.test(type) || TEXT.test(type),
  )
}
