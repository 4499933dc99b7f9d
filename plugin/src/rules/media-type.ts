import mime from 'mime'

/** Types of formats that are read by ranges, and that the table of `mime` lacks or has under an outdated name. */
const OURS: Readonly<Record<string, string>> = {
  // RFC 9239: "text/javascript" is the one current name.
  js: 'text/javascript',
  mjs: 'text/javascript',
  cjs: 'text/javascript',
  pmtiles: 'application/vnd.pmtiles',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.file',
  feather: 'application/vnd.apache.arrow.file',
  zst: 'application/zstd',
  flac: 'audio/flac',
  m4s: 'video/iso.segment',
  cmfv: 'video/mp4',
  cmfa: 'audio/mp4',
}

/** RFC 9110 §14.6. */
const MULTIPART = /^multipart\/byteranges\s*(?:;|$)/i

const UNKNOWN = 'application/octet-stream'
/** Text formats, also outside `text/` if their registration has a charset parameter or readers expect one. */
const TEXT = /^text\/|^application\/(?:xml|x-sh|x-httpd-php)$/

const known = new Map<string, string>()
const MAX_KNOWN = 1000

/**
 * The Content-Type for a path, by its extension. Text is declared as UTF-8. Formats without a registered type
 * (`.safetensors`, `.gguf`, `.zarr`, …) are `application/octet-stream`.
 */
export function mediaTypeOf(path: string): string {
  const dot = path.lastIndexOf('.')
  // A dot at the start of a name does not begin an extension.
  if (dot <= path.lastIndexOf('/') + 1) return UNKNOWN
  const extension = path.slice(dot + 1)
  let type = known.get(extension)
  if (type === undefined) {
    type = lookUp(extension.toLowerCase())
    if (known.size < MAX_KNOWN) known.set(extension, type)
  }
  return type
}

function lookUp(extension: string): string {
  const type = (Object.hasOwn(OURS, extension) ? OURS[extension] : mime.getType(extension)) ?? UNKNOWN
  return TEXT.test(type) ? `${type}; charset=utf-8` : type
}

/** Whether a Content-Type is that of several ranges. Each part then has a Content-Range of its own. */
export function isMultipart(contentType: string): boolean {
  return MULTIPART.test(contentType)
}
