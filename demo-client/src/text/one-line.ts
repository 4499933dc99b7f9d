// What may stand on a terminal: text from a server or a file's name must not steer it, nor reorder what is read.

/**
 * Control characters of C0 and C1, line and paragraph separators, formatting characters (bidirectional controls,
 * invisible ones) and unpaired surrogates. The joiners U+200C and U+200D stay: scripts and emoji need them.
 */
const STEERING = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** `text` on one line; what could steer a terminal is escaped, such as `\u009b`. */
export function oneLine(text: string): string {
  return text
    .replace(/[\t\r\n]+/g, ' ')
    .trim()
    .replace(STEERING, escaped)
}

/** `value` as one line of JSON. The escapes are JSON's own: what is parsed from it is `value`. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(STEERING, escaped)
}

/** As JSON writes it: each UTF-16 unit in four hexadecimal digits. */
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
