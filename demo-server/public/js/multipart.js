const decoder = new TextDecoder('latin1')

/** The boundary that a multipart/byteranges Content-Type names, or null for another type. */
export function boundaryOf(contentType) {
  const match = /^multipart\/byteranges;.*boundary="?([^";]+)"?/i.exec(contentType ?? '')
  return match ? match[1] : null
}

/**
 * Splits a multipart body into its parts (RFC 2046 §5.1.1).
 *
 * @param {Uint8Array} body
 * @param {string} boundary
 * @returns {{ fields: Map<string, string>, content: Uint8Array }[]}
 */
export function parseMultipart(body, boundary) {
  const text = decoder.decode(body) // one character a byte: positions are the same in both
  const delimiter = `--${boundary}`
  const parts = []
  let at = text.indexOf(delimiter)
  while (at !== -1 && !text.startsWith('--', at + delimiter.length)) {
    const head = text.indexOf('\r\n', at) + 2
    const blank = text.indexOf('\r\n\r\n', head - 2)
    const next = text.indexOf(`\r\n${delimiter}`, blank + 2)
    if (blank === -1 || next === -1) throw new Error('the multipart body ends too early')
    parts.push({ fields: parseFields(text.slice(head, blank)), content: body.subarray(blank + 4, next) })
    at = next + 2
  }
  return parts
}

function parseFields(text) {
  const fields = new Map()
  for (const line of text.split('\r\n').filter(Boolean)) {
    const colon = line.indexOf(':')
    fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim())
  }
  return fields
}
