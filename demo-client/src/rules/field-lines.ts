// The header fields of an answer as they arrived: not merged, and complete.

/** The values of each field, by lower-case name, in the order they came. */
export type FieldLines = ReadonlyMap<string, readonly string[]>

/** `rawHeaders` of `node:http` (name, value, name, value, …) as {@link FieldLines}. */
export function fieldLines(raw: readonly string[]): FieldLines {
  const lines = new Map<string, string[]>()
  for (const [at, text] of raw.entries()) {
    const value = raw[at + 1]
    if (at % 2 === 1 || value === undefined) continue
    const name = text.toLowerCase()
    const values = lines.get(name)
    if (values === undefined) lines.set(name, [value])
    else values.push(value)
  }
  return lines
}

/**
 * The value of a field that may occur once. Null if it is missing, or if it occurs with different values, which
 * mean nothing (RFC 9110 §5.3).
 */
export function single(lines: FieldLines, name: string): string | null {
  const [first, ...others] = lines.get(name) ?? []
  if (first === undefined || others.some((value) => value !== first)) return null
  // Blanks and tabs only (RFC 9110 §5.6.3): trim() would take a byte of UTF-8 that is a no-break space in Latin-1.
  return first.replace(/^[\t ]+|[\t ]+$/g, '')
}

/** A list field: its lines joined by commas (RFC 9110 §5.3), or null if it is missing. */
export function list(lines: FieldLines, name: string): string | null {
  return lines.get(name)?.join(', ') ?? null
}

/** Digits as a safe integer; null for anything else, such as a sign, blanks or a number that is too large. */
export function digits(text: string | null): number | null {
  if (text === null || !/^\d+$/.test(text)) return null
  const value = Number.parseInt(text, 10)
  return Number.isSafeInteger(value) ? value : null
}

/** A field value as UTF-8 if its bytes are valid UTF-8. node:http reads it as Latin-1. */
export function asUtf8(value: string): string {
  if (/[^\0-\xff]/.test(value)) return value // no longer bytes
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return decoder.decode(Uint8Array.from(value, (character) => character.charCodeAt(0)))
  } catch {
    return value
  }
}
