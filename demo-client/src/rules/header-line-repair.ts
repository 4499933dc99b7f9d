// Repairs malformed but harmless lines of a head, so that every parser reads them in the same way. Pure.
//
// Fields that decide where a body ends, which bytes it has and where they come from are not repaired: the parser of node:http
// refuses malformed values of them. A line that another parser could read as such a field is refused here, since the parsers
// of some versions of Node accept it.

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Fields whose values are not repaired. */
const DECISIVE =
  /^(?:content-(?:length|range|encoding|digest)|transfer-encoding|connection|upgrade|location|trailer|repr-digest)$/i
/** Fields of which not even a blank before the colon is removed. */
const LENGTHS = /^(?:content-length|transfer-encoding)$/i
/** The letters of such names, without other characters. */
const LIKE_FRAMING = /content(?:length|range|encoding)|transferencoding/
/** Control characters, except tab, LF (it ends a line) and NUL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\x01-\x08\x0b-\x1f\x7f]/g

/** What becomes of a line. `'refused'`: the head cannot be trusted. `'ignored'`: it decides nothing. */
export type Repaired = { readonly line: string } | 'ignored' | 'refused'

/**
 * The line of a field, with folded lines joined. A name that is not a token (RFC 9110 §5.1) is not the name of a known field.
 */
export function repairField(line: string): Repaired {
  const colon = line.indexOf(':')
  if (colon < 1 || /^[\t ]/.test(line)) return 'refused'
  // RFC 9112 §5.1: "No whitespace is allowed between the field name and colon." A proxy must remove it from answers, so
  // it is removed here, too.
  const name = line.slice(0, colon).replace(/[\t ]+$/, '')
  if (!TOKEN.test(name)) return line.includes('\0') || isLikeFraming(line, name) ? 'refused' : 'ignored'
  if (LENGTHS.test(name)) return { line }
  const value = line.slice(colon)
  if (DECISIVE.test(name)) return { line: name + value }
  return isLikeFraming(value) ? 'refused' : { line: name + withoutControls(value) }
}

/**
 * The status line. RFC 9112 §4: "recipients MAY instead parse on whitespace-delimited word boundaries"; and the status is
 * "a 3-digit integer code", whatever follows it.
 */
export function repairStatusLine(line: string): Exclude<Repaired, 'ignored'> {
  const [, version, code, reason = ''] =
    /^(HTTP\/\d\.\d)[\t ]+(\d{3})(?=[\t A-Za-z]|$)[\t ]*(.*)$/s.exec(line) ?? []
  if (isLikeFraming(reason)) return 'refused'
  return { line: version === undefined ? line : `${version} ${code} ${withoutControls(reason)}` }
}

/**
 * RFC 9110 §5.5: "a recipient of CR, LF, or NUL within a field value MUST either reject the message or replace each of those
 * characters with SP before further processing"; it MAY retain other control characters, but node:http does not. NUL is rejected.
 */
function withoutControls(value: string): string {
  return value.replace(CONTROLS, ' ')
}

/** Could another parser, which skips characters or ends a line at CR or NUL, read a framing field here? */
function isLikeFraming(text: string, name = ''): boolean {
  return LIKE_FRAMING.test(lettersOf(/[\r\0]/.test(text) ? text : name))
}

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z]/g, '')
}
