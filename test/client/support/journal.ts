import type { Block } from '#client/state/blocks.js'

/** The blocks that the text of a journal names, whether or not it is proven; none where it is no such text. */
export function blocksOf(text: string): Block[] {
  const [, body = ''] = text.split('\n')
  if (body === '') return []
  const { blocks }: { blocks: [number, number, number][] } = JSON.parse(body)
  return blocks.map(([start, end, crc]) => ({ start, end, crc }))
}
