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
    const [last = '', ...before] = piecesOf(word, width).reverse()
    lines.push(...before.reverse())
    line = last
  }
  return [...lines, line]
}

function piecesOf(word: string, width: number): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const { segment } of GRAPHEMES.segment(word)) {
    if (piece !== '' && widthOf(piece + segment) > width) {
      pieces.push(piece)
      piece = ''
    }
    piece += segment
  }
  return [...pieces, piece]
}
