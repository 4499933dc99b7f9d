// Makes the diff of an assertion short enough to be read.

/** Unchanged lines that are shown before and after a change. */
const CONTEXT_LINES = 2
/** Of one block of lines that all go, or all come. */
const MAX_BLOCK_LINES = 12
const MAX_BLOCK_LINES_OF_BYTES = 3
const MAX_LINES = 40
const MAX_COLUMNS = 120
/** What is shown of a long line before its first difference. */
const LEAD_COLUMNS = 40

/** A line of bytes: its mark, its offset in hexadecimal (the last four digits only), its bytes. Text may follow. */
const BYTES = /^([ +-])\s*([0-9a-f]+): ((?:[0-9a-f]{2,4} )+)/
const BYTES_PER_LINE = 32
const BUFFER = /^[ +-]\s*(?:"[^"]*": )?Buffer </
const HUNK = /^@@ -(\d+)/
const CHANGED = /^[+-]/

/** The changes of a unified diff: few lines, none of them long. Begins with what the marks mean. */
export function shortDiff(diff: string): string[] {
  const lines = diff.split('\n').filter((line, index) => index > 1 && line !== '')
  const first = lines.find((line) => CHANGED.test(line)) ?? ''
  const isOfBytes = BYTES.test(first) || BUFFER.test(first)
  const changes = isOfBytes ? changedBytes(lines) : changedLines(lines)
  const left = changes.length - MAX_LINES
  return [
    '- expected',
    '+ actual',
    ...changes.slice(0, MAX_LINES),
    ...(left > 0 ? [`… and ${left} more lines`] : []),
  ]
}

function changedLines(lines: readonly string[]): string[] {
  const near = aroundChanges(lines, CONTEXT_LINES)
  const shown = near.map((line, index) => cut(line, counterpartOf(near, index)))
  return shortBlocks(shown, MAX_BLOCK_LINES)
}

function changedBytes(lines: readonly string[]): string[] {
  const shown = aroundChanges(lines, 0).map((line) => BYTES.exec(line)?.[0].trimEnd() ?? line)
  return [...firstDifferentByte(lines), ...shortBlocks(shown, MAX_BLOCK_LINES_OF_BYTES)]
}

/** Where the bytes begin to differ, as far as the diff says so. */
function firstDifferentByte(lines: readonly string[]): string[] {
  const index = lines.findIndex((line) => CHANGED.test(line))
  const [, , digits = '', bytes = ''] = BYTES.exec(lines[index] ?? '') ?? []
  const other = BYTES.exec(counterpartOf(lines, index) ?? '')?.[3]
  const hunk = lines.findLastIndex((line, at) => at < index && HUNK.test(line))
  if (other === undefined || hunk === -1) return []
  const column = Math.floor(commonLength(bytes.replaceAll(' ', ''), other.replaceAll(' ', '')) / 2)
  // Before the first changed line nothing was added, so its number counts. Line 1 of a Buffer is `Buffer <`.
  const number = Number(HUNK.exec(lines[hunk] ?? '')?.[1]) + index - hunk - 1
  const offset = (number - 2) * BYTES_PER_LINE
  // In a larger value the number of the line does not give the offset.
  const isKnown = offset % 0x10000 === Number.parseInt(digits, 16)
  return isKnown ? [`the bytes differ from offset ${offset + column} on`] : []
}

/** Of each block of lines with the same mark, the first `max`. */
function shortBlocks(lines: readonly string[], max: number): string[] {
  return lines.flatMap((line, index) => {
    if (!CHANGED.test(line)) return [line]
    const [first, last] = blockAt(lines, index)
    if (index < first + max) return [line]
    return index === first + max ? [`${line[0]}… and ${last - index + 1} more lines`] : []
  })
}

/** The changed lines with some lines around each; `…` stands for what is left out. */
function aroundChanges(lines: readonly string[], context: number): string[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some((line) => CHANGED.test(line)),
  )
  const kept: string[] = []
  for (const [index, line] of lines.entries()) {
    if (isNear[index] === true && !HUNK.test(line)) kept.push(line)
    else if (kept.length > 0 && kept.at(-1) !== '…') kept.push('…')
  }
  return kept.at(-1) === '…' ? kept.slice(0, -1) : kept
}

/** The `+` line that takes the place of a `-` line, or the other way round, where both blocks have as many lines. */
function counterpartOf(lines: readonly string[], index: number): string | undefined {
  const mark = lines[index]?.[0]
  if (mark !== '-' && mark !== '+') return undefined
  const [first, last] = blockAt(lines, index)
  const length = last - first + 1
  const other = mark === '-' ? index + length : index - length
  const counterpart = lines[other]
  if (counterpart?.[0] !== (mark === '-' ? '+' : '-')) return undefined
  const [otherFirst, otherLast] = blockAt(lines, other)
  return otherLast - otherFirst === last - first ? counterpart : undefined
}

/** The first and the last line of the block of lines with the same mark. */
function blockAt(lines: readonly string[], index: number): [number, number] {
  const mark = lines[index]?.[0]
  let [first, last] = [index, index]
  while (lines[first - 1]?.[0] === mark && first > 0) first--
  while (lines[last + 1]?.[0] === mark) last++
  return [first, last]
}

function cut(line: string, counterpart: string | undefined): string {
  if (line.length <= MAX_COLUMNS) return line
  const same = counterpart === undefined ? 0 : 1 + commonLength(line.slice(1), counterpart.slice(1))
  const from = Math.max(1, same - LEAD_COLUMNS)
  const shown = line.slice(from, from + MAX_COLUMNS)
  const end = from + MAX_COLUMNS < line.length ? '…' : ''
  return `${line[0]}${from > 1 ? '…' : ''}${shown}${end} (${line.length - 1} characters)`
}

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
