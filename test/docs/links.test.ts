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
  t.test(`the links of ${path} lead to files and headings that exist`, async (t) => {
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

/** A path from the root of the repository, as code. */
const PATH = /`((?:plugin|demo-client|demo-server|test|\.ci|\.github)\/[\w./-]+)`/g
/** Folders that are made by a build or a run. */
const MADE = /\/dist|\.data/

for (const path of DOCUMENTS) {
  t.test(`the files that ${path} names exist`, async (t) => {
    for (const [, named = ''] of readDocument(path).text.matchAll(PATH))
      if (!MADE.test(named)) t.ok(existsSync(REPOSITORY + named), named)
  })
}
