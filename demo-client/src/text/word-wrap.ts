// Text in lines that fit a terminal. Pure.
import { widthOf } from './text-width.ts'

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * `text` in lines of at most `width` columns, broken at its blanks. A word that is longer than a line is broken where the
 * line is full, but not inside a character.
 */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = breakWord(word, { width, into: lines })
  }
  return [...lines, line]
}

/** Adds the full lines of a word to `into`, and returns its remainder. */
function breakWord(word: string, { width, into }: { width: number; into: string[] }): string {
  let line = ''
  for (const { segment } of GRAPHEMES.segment(word)) {
    if (line !== '' && widthOf(line + segment) > width) {
      into.push(line)
      line = ''
    }
    line += segment
  }
  return line
}
