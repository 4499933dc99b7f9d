/** A Content-Range field: inclusive positions and the size of the whole file. */
const PART = /^bytes (\d+)-(\d+)\/(\d+)$/i

/** `bytes 0-3/7877` → `{ start: 0, end: 3, total: 7877 }`; null for anything else. */
export function parseContentRange(field) {
  const match = PART.exec(field ?? '')
  return match && { start: Number(match[1]), end: Number(match[2]), total: Number(match[3]) }
}

/** `bytes=5-9` or `bytes=5-` of a file of `total` bytes → `{ start, end }`; null for anything else. */
export function parseSingleRange(field, total) {
  const match = /^bytes=(\d+)-(\d*)$/.exec(field ?? '')
  return match && { start: Number(match[1]), end: match[2] === '' ? total - 1 : Number(match[2]) }
}
