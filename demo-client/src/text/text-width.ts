// The width of a text on a terminal, and texts shortened to fit. Pure.
import { lazy } from '../lazy.ts'

const graphemes = lazy(() => new Intl.Segmenter(undefined, { granularity: 'grapheme' }))
/** Its patterns take 40 ms to compile. Only some names and messages need it. Not by import(), because the bar is drawn at once. */
const stringWidth = lazy(() => {
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
  return (require('string-width') as typeof import('string-width')).default
})
/** Characters of one column each: those of ASCII, and those of a bar and a shortened text. */
const PLAIN = /^[ -~\u2026\u2588\u2591]*$/
/** The extension at the end of a name: `.iso`, `.tar.gz`. */
const EXTENSION = /(?:\.[a-z]{1,4})?\.[a-z0-9_]{1,11}$/i
/** Columns that stay for the beginning of a name when its whole extension is kept. */
const LEAST_HEAD = 3

/**
 * The most columns that `text` takes. If several characters make one picture (a family, a skin tone, a red heart), some
 * terminals draw each of them, so the larger of both widths counts.
 */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes().segment(text)) width += clusterWidth(segment)
  return width
}

function clusterWidth(cluster: string): number {
  if (PLAIN.test(cluster)) return cluster.length
  const each = [...cluster].reduce((sum, character) => sum + stringWidth()(character), 0)
  return Math.max(each, stringWidth()(cluster))
}

/** What to shorten to, and what shows that something is missing. */
export interface Shortening {
  readonly width: number
  readonly ellipsis: string
}

/** `text` in at most `width` columns: its beginning and its end, with its extension if there is space for it. */
export function shortenMiddle(text: string, { width, ellipsis }: Shortening): string {
  if (widthOf(text) <= width) return text
  const free = width - widthOf(ellipsis)
  if (free < 1) return ellipsis.slice(0, Math.max(0, width))
  const extension = widthOf(EXTENSION.exec(text)?.[0] ?? '')
  const tailWidth = Math.max(Math.ceil(free / 2), extension <= free - LEAST_HEAD ? extension : 0)
  const clusters = clustersOf(text)
  const head = take(clusters, free - tailWidth)
  const tail = take(clusters.reverse(), free - widthOf(head.join('')))
  return head.join('') + ellipsis + tail.reverse().join('')
}

/** `text` in at most `width` columns: its beginning. */
export function shortenEnd(text: string, { width, ellipsis }: Shortening): string {
  if (widthOf(text) <= width) return text
  const free = width - widthOf(ellipsis)
  return free < 0 ? ellipsis.slice(0, Math.max(0, width)) : take(clustersOf(text), free).join('') + ellipsis
}

function clustersOf(text: string): string[] {
  return [...graphemes().segment(text)].map(({ segment }) => segment)
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
