import mime from 'mime'

/** Types of formats that are read by ranges and that the table does not know, or knows by an outdated name. */
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

const UNKNOWN = 'application/octet-stream'
/** Text formats outside `text/`, whose registrations know a charset parameter or that readers expect one on. */
const TEXT = /^text\/|^application\/(?:xml|x-sh|x-httpd-php)$/

/**
 * The Content-Type for a path, told from its extension. Text is declared as UTF-8. Formats without a registered type
 * (`.safetensors`, `.gguf`, `.zarr`, …) are `application/octet-stream`.
 */
export function mediaTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : ''
  const type = OURS[extension] ?? (extension === '' ? null : mime.getType(extension)) ?? UNKNOWN
  return TEXT.test(type) ? `${type}; charset=utf-8` : type
}
