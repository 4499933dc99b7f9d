import { el } from './dom.js'
import { text } from './texts.js'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** How many bytes a character has that begins with this byte in UTF-8. 0 if none begins with it. */
function lengthFrom(byte) {
  if (byte < 0x80) return 1
  if (byte < 0xc2 || byte > 0xf4) return 0
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
}

/** The character whose first byte is at this position, or null if it is not whole there. */
function characterAt(bytes, at) {
  try {
    return strict.decode(bytes.subarray(at, at + lengthFrom(bytes[at]))) || null
  } catch {
    return null
  }
}

/**
 * Splits bytes into UTF-8 text and the bytes that belong to no whole character.
 *
 * @param {Uint8Array} bytes
 * @returns {({ whole: string } | { rest: number[] })[]} in order; text and bytes alternate
 */
export function splitCharacters(bytes) {
  const pieces = []
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at)
    const last = pieces[pieces.length - 1]
    if (character !== null) {
      if (last?.whole !== undefined) last.whole += character
      else pieces.push({ whole: character })
      at += lengthFrom(bytes[at])
    } else {
      if (last?.rest !== undefined) last.rest.push(bytes[at])
      else pieces.push({ rest: [bytes[at]] })
      at += 1
    }
  }
  return pieces
}

/** How many of the first `limit` bytes to show, so that no character is cut that is whole in `bytes`. */
export function wholeCharacters(bytes, limit) {
  if (bytes.length <= limit) return bytes.length
  for (let start = limit - 1; start >= Math.max(0, limit - 3); start -= 1) {
    if (start + lengthFrom(bytes[start]) > limit && characterAt(bytes, start) !== null) return start
  }
  return limit
}

/** A byte in hexadecimal. */
export function hex(byte) {
  return byte.toString(16).padStart(2, '0')
}

/** Nodes that show bytes as text. Bytes that belong to no whole character are shown in hexadecimal. */
export function showCharacters(bytes) {
  return splitCharacters(bytes).map(({ whole, rest }) => whole ?? restOf(rest))
}

function restOf(bytes) {
  return el('span', { className: 'rest', title: text('part-of-character') }, bytes.map(hex).join(' '))
}
