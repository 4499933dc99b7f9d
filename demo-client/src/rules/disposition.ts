// The file name in a Content-Disposition, RFC 6266, also in forms that the standard forbids but servers send. Pure.
import { decodeExtended } from 'content-disposition'
import { asUtf8 } from './field-lines.ts'

/**
 * A parameter. Its value is a quoted string (perhaps without its end), text between apostrophes, or the text before the next
 * semicolon. The type of the disposition may be missing.
 */
const PARAMETER =
  /(?:^|;)[\t ]*([^\t =;]+)[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|"([^";]*)|'([^;]*)'[\t ]*(?=;|$)|'?([^;]*))/gs

/**
 * The name as sent, not yet safe; null if none is suggested. Bytes that are valid UTF-8 are read as UTF-8, others as Latin-1.
 */
export function nameInDisposition(field: string): string | null {
  let plain: string | null = null
  for (const [, key = '', quoted, open, apostrophes, bare = ''] of field.matchAll(PARAMETER)) {
    const value = asUtf8(quoted === undefined ? (open ?? apostrophes ?? bare) : unescaped(quoted))
    const name = key.toLowerCase()
    // RFC 6266 §4.3: "when both "filename" and "filename*" are present in a single header field value, recipients SHOULD
    // pick "filename*" and ignore "filename"."
    const extended = name === 'filename*' ? (decodeExtended(trimmed(value)) ?? '') : ''
    if (trimmed(extended) !== '') return extended
    if (name === 'filename' && plain === null) plain = trimmed(value)
  }
  return plain === '' ? null : plain
}

/**
 * RFC 9110 §5.6.4: "A sender SHOULD NOT generate a quoted-pair in a quoted-string except where necessary to quote DQUOTE and
 * backslash octets". A backslash before any other character belongs to a Windows path.
 */
function unescaped(quoted: string): string {
  return quoted.replace(/\\(["\\])/g, '$1')
}

function trimmed(value: string): string {
  return value.replace(/^[\t ]+|[\t ]+$/g, '')
}
