import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { readDocument } from './support/markdown.ts'

const DOCUMENTS = [
  'README.md',
  'README.zh-CN.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'RELEASING.md',
  'SECURITY.md',
  'demo-server/README.md',
  ...['plugin', 'demo-client'].flatMap((folder) =>
    ['README.md', 'API.md', 'CHANGELOG.md'].map((name) => `${folder}/${name}`),
  ),
]

/** The anchors of the headings, as GitHub makes them. */
function anchorsOf(headings: readonly string[]): string[] {
  const plain = headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return plain.map((anchor, index) => {
    const earlier = plain.slice(0, index).filter((other) => other === anchor).length
    return earlier === 0 ? anchor : `${anchor}-${earlier}`
  })
}

for (const path of DOCUMENTS) {
  t.test(`${path}: its links lead somewhere`, async (t) => {
    const { text } = readDocument(path)
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const full = file === '' ? path : join(dirname(path), file)
      t.ok(existsSync(REPOSITORY + full), target)
      if (anchor !== undefined) t.ok(anchorsOf(readDocument(full).headings).includes(anchor), target)
    }
  })
}
