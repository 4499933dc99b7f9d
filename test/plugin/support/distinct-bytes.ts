/** Bytes of which no two parts are equal, so that bytes of a wrong position are noticed. */
export function distinctBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32BE(Math.imul(at + 1, 2654435761) >>> 0, at)
  return bytes
}
