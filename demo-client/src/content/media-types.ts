// The media types in a Content-Type, and what they say about the content. Pure.

/** Types by which a server says that it does not know the format. */
const UNKNOWN =
  /^(?:application|binary|unknown|\*)\/(?:(?:x-)?(?:octet-stream|binary|unknown|download|force-download|file|save)|\*)$/
/** Types of text, which a page can have. Some of them are in no standard. */
const TEXT = /^text\/|[/+](?:json|xml)$|^application\/(?:x-)?(?:ecmascript|html|httpd-php|javascript|text)$/

/** The media types of a Content-Type (there should be one), in lower case, without parameters and quotes. */
export function mediaTypes(contentType: string): string[] {
  const bare = contentType.replace(/=\s*"(?:[^"\\]|\\.)*"/g, '=')
  return bare.split(',').map((type) => type.replace(/;.*|["'\s]/gs, '').toLowerCase())
}

/** Is this media type, or one of several, that of an HTML page? */
export function isHtml(contentType: string): boolean {
  return mediaTypes(contentType).some((type) => type === 'text/html' || type === 'application/xhtml+xml')
}

/** Is this media type, or one of several, that of a Metalink 4 document (RFC 5854 §8.1)? */
export function isMetalink(contentType: string): boolean {
  return mediaTypes(contentType).includes('application/metalink4+xml')
}

/** Is this media type, or one of several, that of a JSON document? */
export function isJson(contentType: string): boolean {
  return mediaTypes(contentType).some((type) => /[/+]json$/.test(type))
}

/**
 * Does the Content-Type name no binary format? It may be missing, not a media type, a type for unknown bytes, or a type of
 * text. One of several is enough, because it is not known which one is meant.
 */
export function claimsNoFormat(contentType: string): boolean {
  return mediaTypes(contentType).some(
    (type) => !/^[^/]+\/[^/]+$/.test(type) || UNKNOWN.test(type) || TEXT.test(type),
  )
}
