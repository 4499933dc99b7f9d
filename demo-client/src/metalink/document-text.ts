// The text of a document: UTF-8, UTF-16 with a byte order mark, or what its XML declaration says. Pure.
import { usage } from './document-fault.ts'
import { MAX_DOCUMENT } from './xml-elements.ts'

/** The declaration is ASCII in every encoding that this can be. */
const DECLARED = /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` if it is too long, or not text in its encoding */
export function documentText(document: string | Uint8Array): string {
  if (typeof document === 'string') return document
  if (!(document instanceof Uint8Array)) throw usage('a Metalink is a string or bytes')
  if (document.length > 2 * MAX_DOCUMENT) throw usage('it is too long for a Metalink')
  const encoding = encodingOf(document)
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(document)
  } catch {
    throw usage(`it is not text in ${encoding}`)
  }
}

function encodingOf(document: Uint8Array): string {
  const [first, second] = document
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  const start = Buffer.from(document.buffer, document.byteOffset, Math.min(200, document.length))
  return DECLARED.exec(start.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, ''))?.[1] ?? 'utf-8'
}
