import t from 'tap'
import { assertParts, blocks } from '../support/block-ranges.ts'
import { serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'

const CONTENT = numberedLines(2_000_000)

for (const [name, asked] of Object.entries({
  'from the end to the start': blocks(500).reverse(),
  'in no order': blocks(499).map((_, index, all) => all[(index * 101) % 499] ?? { first: 0, last: 0 }),
})) {
  t.test(`hundreds of ranges are served ${name}`, async (t) => {
    const server = await serveFiles(t, { files: { 'a.bin': CONTENT } })
    await assertParts(t, { server, content: CONTENT, asked })
  })
}
