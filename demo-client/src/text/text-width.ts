// The width of a text on a terminal, and texts shortened to fit. Pure.
import stringWidth from 'string-width'

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
/** Characters of one column each. */
const PLAIN = /^[ -~]*$/
const ELLIPSIS = '…'

/**
 * The most columns that `text` takes. If several characters make one picture (a family, a skin tone, a red heart), some
 * terminals draw each of them, so the larger of both widths counts.
 */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of GRAPHEMES.segment(text)) width += clusterWidth(segment)
  return width
}

function clusterWidth(cluster: string): number {
  if (PLAIN.test(cluster)) return cluster.length
  const each = [...cluster].reduce((sum, character) => sum + stringWidth(character), 0)
  return Math.max(each, stringWidth(cluster))
}

/** `text` in at most `width` columns: its beginning and its end, with an ellipsis in between. */
export function shortenMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  if (width < 1) return ''
  const clusters = [...GRAPHEMES.segment(text)].map(({ segment }) => segment)
  const head = take(clusters, Math.floor((width - 1) / 2))
  const tail = take(clusters.reverse(), width - 1 - widthOf(head.join('')))
  return head.join('') + ELLIPSIS + tail.reverse().join('')
}

/** `text` in at most `width` columns: its beginning. */
export function shortenEnd(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const clusters = [...GRAPHEMES.segment(text)].map(({ segment }) => segment)
  return width < 1 ? '' : take(clusters, width - 1).join('') + ELLIPSIS
}

function take(clusters: readonly string[], width: number): string[] {
  const taken: string[] = []
  let left = width
  for (const cluster of clusters) {
    left -= clusterWidth(cluster)
    if (left < 0) break
    taken.push(cluster)
  }
  return taken
}
