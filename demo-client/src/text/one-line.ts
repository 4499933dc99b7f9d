// Text that is safe on a terminal: text from a server or a file name must not control the terminal or reorder other text.
import { lazyPattern } from '../lazy.ts'

/** Characters of ASCII that are drawn. Most texts have no others. */
const PLAIN = /^[ -~]*$/

/**
 * Control characters of C0 and C1, line and paragraph separators, formatting characters (bidirectional controls,
 * invisible ones) and unpaired surrogates. The joiners U+200C and U+200D stay: scripts and emoji need them.
 */
const steering = lazyPattern(String.raw`(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]`, 'gu')

/** `text` on one line. Characters that could control a terminal are escaped, such as `\u009b`. */
export function oneLine(text: string): string {
  return harmless(text.replace(/[\t\r\n]+/g, ' ').trim())
}

/** `value` as one line of JSON. The escapes are those of JSON, so a parser returns `value`. */
export function jsonLine(value: object): string {
  return harmless(JSON.stringify(value))
}

function harmless(text: string): string {
  return PLAIN.test(text) ? text : text.replace(steering(), escaped)
}

/** As JSON writes it: each UTF-16 unit in four hexadecimal digits. */
export function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
